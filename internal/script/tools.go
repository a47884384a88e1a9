package script

import (
	"context"
	"strings"
)

// Toolchain has the tools of a machine, and the versions that the project
// wants. [Build.Project] has the versions of Erlang and Elixir.
type Toolchain struct {
	OS, Arch, Kernel, Libc string
	Manager                string            // mise, asdf, or empty
	Have                   map[string]string // by the tool's name in .tool-versions: its version, or a line that has it
	Want                   []ToolVersion     // the lines of .tool-versions
	ToolVersions           string            // SHA-256; empty: no such file
}

// ToolVersion is one line of .tool-versions.
type ToolVersion struct{ Tool, Version string }

// Tools installs the pinned tools and returns the toolchain of the build host.
func (b Build) Tools(ctx context.Context) (Toolchain, error) {
	t := Toolchain{Have: map[string]string{}}
	single := map[string]*string{
		"os": &t.OS, "arch": &t.Arch, "kernel": &t.Kernel, "libc": &t.Libc, "manager": &t.Manager,
		"sha256_.tool-versions": &t.ToolVersions,
	}
	err := b.logged(ctx, call{
		script: "tools",
		args:   b.Job.args(),
		onFact: func(key, value string) {
			tool, version, _ := strings.Cut(value, " ")
			switch {
			case single[key] != nil:
				*single[key] = value
			case key == "have":
				t.Have[tool] = version
			case key == "want":
				t.Want = append(t.Want, ToolVersion{tool, version})
			}
		},
	})
	return t, err
}
