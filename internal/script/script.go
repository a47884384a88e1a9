// Package script has everything that Slipway runs on a machine. The POSIX sh
// scripts are in sh/, one per step. Each has a typed Go method that calls it
// and reads its answer. [Host] has the scripts of a web server, [Build] and
// [Store] those of the build host.
//
// The package does not know how a machine is reached (a [Machine] does that),
// in which order the steps run, or how people are told about them.
//
// A script is sent over stdin to "sh -s". Its arguments are encoded on the
// command line and never become part of its text. Its stdout carries only
// "key=value" facts. The output of its commands goes to stderr, which is the
// log, so that no output of a build or a service can pass for an answer.
package script

import (
	"context"
	"embed"
	"io"
	"strings"
)

// Machine runs a command line with the given streams and returns when it has
// ended. An exit status other than 0 is an error with an ExitStatus method.
type Machine interface {
	Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error
}

//go:embed sh/*.sh
var files embed.FS

// file returns the text of sh/NAME.sh.
func file(name string) string {
	text, err := files.ReadFile("sh/" + name + ".sh")
	if err != nil {
		panic(err) // a wrong name in this package
	}
	return string(text)
}

// libraries returns the names in the first line of a script, "# Libraries:
// ...": the files whose functions it uses. Other scripts have no such line.
func libraries(script string) []string {
	first, _, _ := strings.Cut(script, "\n")
	names, _ := strings.CutPrefix(first, "# Libraries:")
	if names == first {
		return nil
	}
	return strings.Fields(names)
}
