package script

import (
	"context"
	"errors"

	"github.com/apxr/slipway/internal/release"
)

// Assembling says how to make a release.
type Assembling struct {
	Release    string // name of the release and of its start script
	Distillery bool
	Rebar      bool   // whether rebar3 makes it
	Named      bool   // the project itself names it
	Before     string // commands for sh that run first
	Key        string // names the state that is kept for the next build
	Paths      Paths  // the paths of that state
	Remembered bool   // whether the project's answers are those of an earlier build
}

// Assembly is the result of a build.
type Assembly struct {
	Version, ERTS string
	Files         []release.File
	Foreign       []string // paths of programs and libraries for other platforms
}

// ErrOtherAnswers says that the release was made on other answers of mix.exs and the
// configuration than those that were remembered. The next build asks for them.
var ErrOtherAnswers = errors.New("mix.exs, the configuration or the tools answer otherwise than in the build before")

// Assemble assembles the release. The error is [ErrOtherAnswers] if another build of the
// same commit would succeed.
func (b Build) Assemble(ctx context.Context, a Assembling) (Assembly, error) {
	var as Assembly
	lines := map[string][]string{}
	kind, named, other := "mix", "", false
	switch {
	case a.Distillery:
		kind = "distillery"
	case a.Rebar:
		kind = "rebar"
	}
	if a.Named {
		named = a.Release
	}
	err := b.logged(ctx, call{
		script: "assemble",
		args: b.Job.args(arg{"deps_path", a.Paths.Deps}, arg{"build_path", a.Paths.Build},
			arg{"kind", kind}, arg{"release", a.Release}, arg{"named", named}, arg{"key", a.Key}, arg{"commands", digest(a.Before)}, arg{"remembered", yes(a.Remembered)}),
		input: append(beforeInput(a.Before), envInput(b.Job.Env)...).reader(),
		onFact: func(key, value string) {
			switch key {
			case "version":
				as.Version = value
			case "erts":
				as.ERTS = value
			case "other_answers":
				other = true
			default:
				lines[key] = append(lines[key], value)
			}
		},
	})
	switch {
	case other:
		return Assembly{}, ErrOtherAnswers
	case err != nil:
		return Assembly{}, err
	}
	if as.Files, err = release.ParseInventory(lines["listing"], lines["checksum"]); err == nil {
		as.Files, as.Foreign, err = release.ParseLibraries(as.Files, lines["library"])
	}
	return as, err
}
