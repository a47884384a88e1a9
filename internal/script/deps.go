package script

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// Kept says which parts of earlier builds a build reuses.
type Kept string

// The results of FetchDeps.
const (
	KeptNothing Kept = "none"
	KeptDeps    Kept = "dependencies" // compiled dependencies; the project is compiled again
	KeptAll     Kept = "all"          // those of the project too
)

// Fetching says which dependencies to fetch, and how.
type Fetching struct {
	Paths       Paths
	Key         string // names the state to start from
	Incremental bool   // whether mix decides which files of the project to compile
	Before      string // the commands that will run before the release
	Hex, Rebar  bool   // whether they are installed
	Access      Access
}

// digest returns a digest of commands, or "" if there are none.
func digest(commands string) string {
	if commands == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(commands)))
}

// FetchDeps restores the files of an earlier build. If there are none, it fetches the
// locked dependencies.
func (b Build) FetchDeps(ctx context.Context, f Fetching) (Kept, error) {
	kept := KeptNothing
	err := b.logged(ctx, call{
		script: "fetchdeps",
		args: b.Job.args(arg{"lock_path", f.Paths.Lock}, arg{"deps_path", f.Paths.Deps}, arg{"build_path", f.Paths.Build},
			arg{"key", f.Key}, arg{"clean", yes(b.Job.Clean)}, arg{"incremental", yes(f.Incremental)}, arg{"commands", digest(f.Before)},
			arg{"hex", yes(f.Hex)}, arg{"rebar", yes(f.Rebar)}),
		input: append(f.Access.input(), envInput(b.Job.Env)...).reader(),
		onFact: func(key, value string) {
			if key == "state" {
				kept = Kept(value)
			}
		},
	})
	return kept, err
}

// CompileDeps compiles the fetched dependencies with this version of Elixir.
func (b Build) CompileDeps(ctx context.Context, p Paths, elixir string) error {
	return b.logged(ctx, call{
		script: "compiledeps",
		args:   b.Job.args(arg{"deps_path", p.Deps}, arg{"build_path", p.Build}, arg{"elixir", elixir}), input: envInput(b.Job.Env).reader(),
	})
}
