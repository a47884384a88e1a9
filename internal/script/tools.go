package script

import (
	"context"
	"errors"
	"strings"
)

// Toolchain has the tools of a machine, and the versions that the project
// wants. [Build.Project] has the versions of Erlang and Elixir.
type Toolchain struct {
	OS, Arch, Kernel, Libc string
	Manager                string            // mise, asdf, or empty
	Have                   map[string]string // by the pinned tool: its version, or lines that have it
	From                   map[string]string // where Erlang and Elixir come from: mise, asdf or "the PATH"
	Want                   []Pin
	Found                  []Pin  // the same tools, with the versions that the manager has for them; empty without one
	Heed                   []Pin  // what other programs' files say of tools that nothing pins
	ToolVersions           string // SHA-256 of the files that pin; empty: there are none
}

// Pin is a tool in a version that a file of the project names.
type Pin struct {
	Tool, Version string
	Place         string // the file, relative to the repository's top, and the line if it is known
}

// Tools installs the pinned tools and returns the toolchain of the build host.
func (b Build) Tools(ctx context.Context) (Toolchain, error) {
	t := Toolchain{Have: map[string]string{}, From: map[string]string{}}
	single := map[string]*string{
		"os": &t.OS, "arch": &t.Arch, "kernel": &t.Kernel, "libc": &t.Libc, "manager": &t.Manager,
		"sha256_pins": &t.ToolVersions,
	}
	lists := map[string]*[]Pin{"want": &t.Want, "found": &t.Found, "heed": &t.Heed}
	byTool := map[string]map[string]string{"have": t.Have, "from": t.From}
	var problems []error
	err := b.logged(ctx, call{
		script: "tools",
		args:   b.Job.args(),
		onFact: func(key, value string) {
			switch {
			case single[key] != nil:
				*single[key] = value
			case lists[key] != nil:
				*lists[key] = append(*lists[key], parsePin(value))
			case byTool[key] != nil:
				tool, text, _ := strings.Cut(value, " ")
				byTool[key][tool] = text
			case key == "problem":
				problems = append(problems, errors.New(value))
			}
		},
	})
	return t, errors.Join(append(problems, err)...)
}

func parsePin(text string) Pin {
	tool, rest, _ := strings.Cut(text, " ")
	version, place, _ := strings.Cut(rest, " ")
	return Pin{tool, version, place}
}

// pinsArg returns pins as one argument: toolenv.sh reads it.
func pinsArg(pins []Pin) string {
	lines := make([]string, len(pins))
	for i, p := range pins {
		lines[i] = p.Tool + " " + p.Version + " " + p.Place
	}
	return strings.Join(lines, "\t")
}
