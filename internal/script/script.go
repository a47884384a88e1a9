// Package script has everything that Slipway runs on a machine: POSIX sh scripts
// in sh/, one per step, and one typed Go method for each that calls it and reads
// its answer. [Host] has the scripts of a web server, [Build] and [Store] those
// of the build host.
//
// The package does not know how a machine is reached (a [Machine] does), in
// which order the steps run, or how a person is told about them.
//
// A script travels over stdin to "sh -s". Its arguments travel encoded on the
// command line and are never pasted into its text. Its stdout carries
// "key=value" facts and nothing else. Whatever its commands print goes to
// stderr, which is the log, so no output of a build or a service can pose as an
// answer.
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
		panic(err) // a name misspelled in this package
	}
	return string(text)
}

// libraries returns the names in the first line of a script, "# Libraries: ...":
// the files whose functions it uses. A script that uses none has no such line.
func libraries(script string) []string {
	first, _, _ := strings.Cut(script, "\n")
	names, _ := strings.CutPrefix(first, "# Libraries:")
	if names == first {
		return nil
	}
	return strings.Fields(names)
}
