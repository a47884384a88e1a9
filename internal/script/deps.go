package script

import (
	"context"
)

// Kept says what of earlier builds a build goes on from.
type Kept string

// What FetchDeps found.
const (
	KeptNothing Kept = "none"
	KeptSources Kept = "sources"      // the dependencies as they were fetched
	KeptDeps    Kept = "dependencies" // compiled dependencies; the project itself is compiled anew
	KeptAll     Kept = "all"          // mix decides what to compile of the project
)

// FetchDeps gets the locked dependencies; key names the state to go on from.
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
