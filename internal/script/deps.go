package script

import (
	"context"
)

// Kept says which parts of earlier builds a build reuses.
type Kept string

// The results of FetchDeps.
const (
	KeptNothing Kept = "none"
	KeptSources Kept = "sources"      // fetched dependencies
	KeptDeps    Kept = "dependencies" // compiled dependencies; the project is compiled again
	KeptAll     Kept = "all"          // mix decides which parts of the project to compile
)

// Fetching says which dependencies to fetch, and how.
type Fetching struct {
	Paths      Paths
	Key        string // names the state to start from
	Hex, Rebar bool   // whether they are installed
	Access     Access
}

// FetchDeps restores the files of an earlier build. It fetches the locked
// dependencies, unless those that were restored are certainly the same.
func (b Build) FetchDeps(ctx context.Context, f Fetching) (Kept, error) {
	kept := KeptNothing
	err := b.logged(ctx, call{
		script: "fetchdeps",
		args: b.Job.args(arg{"lock_path", f.Paths.Lock}, arg{"deps_path", f.Paths.Deps}, arg{"build_path", f.Paths.Build},
			arg{"key", f.Key}, arg{"clean", yes(b.Job.Clean)}, arg{"hex", yes(f.Hex)}, arg{"rebar", yes(f.Rebar)}),
		input: append(f.Access.input(), envInput(b.Job.Env)...).reader(),
		onFact: func(key, value string) {
			if key == "state" {
				kept = Kept(value)
			}
		},
	})
	return kept, err
}

// CompileDeps compiles the dependencies.
func (b Build) CompileDeps(ctx context.Context) error {
	return b.logged(ctx, call{
		script: "compiledeps",
		args:   b.Job.args(), input: envInput(b.Job.Env).reader(),
	})
}
