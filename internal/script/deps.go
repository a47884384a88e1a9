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

// FetchDeps fetches the locked dependencies. The key names the state to start
// from.
func (b Build) FetchDeps(ctx context.Context, at Paths, key string, clean bool, a Access) (Kept, error) {
	kept := KeptNothing
	err := b.logged(ctx, call{
		script: "fetchdeps",
		args: b.Job.args(arg{"lock_path", at.Lock}, arg{"deps_path", at.Deps}, arg{"build_path", at.Build},
			arg{"key", key}, arg{"clean", yes(clean)}),
		input: append(a.input(), envInput(b.Job.Env)...).reader(),
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
