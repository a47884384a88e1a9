package script

import (
	"context"
	"io"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Stage unpacks a release from a gzipped tar beside the others, verifies it
// against the lists in its metadata directory, and renames it into place.
func Stage(ctx context.Context, m Machine, l release.Layout, id release.ID, tar io.Reader, log io.Writer) error {
	c := stage(l, id, "", log)
	c.input = tar
	return c.run(ctx, m)
}

// StageHere is [Stage] of an artifact that lies on the same machine, below the
// same user's home: nothing is sent.
func StageHere(ctx context.Context, m Machine, l release.Layout, id release.ID, a release.App, log io.Writer) error {
	return stage(l, id, a.String(), log).run(ctx, m)
}

func stage(l release.Layout, id release.ID, app string, log io.Writer) call {
	return call{
		script: "stage", libs: []string{"buildroot", "inventory", "verify"}, log: log,
		args: args{{"base", l.Base}, {"id", string(id)}, {"app", app}},
	}
}

// Recheck verifies a release that lies on the host already.
func Recheck(ctx context.Context, m Machine, l release.Layout, id release.ID, log io.Writer) error {
	return call{
		script: "recheck", libs: []string{"inventory", "verify"}, log: log,
		args: args{{"base", l.Base}, {"id", string(id)}},
	}.run(ctx, m)
}

// Tidy removes what runs that died have left.
func Tidy(ctx context.Context, m Machine, l release.Layout, log io.Writer) error {
	return call{script: "tidy", log: log, args: args{{"base", l.Base}}}.run(ctx, m)
}

// Pruned is what became of what was to be removed.
type Pruned struct {
	Removed []release.ID
	InUse   []release.ID // a process still runs from them
}

// Prune removes releases and activations, and what dead runs left.
func Prune(ctx context.Context, m Machine, l release.Layout, ids []release.ID, activations []string, log io.Writer) (Pruned, error) {
	var p Pruned
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	err := call{
		script: "prune", libs: []string{"service"}, log: log,
		args: args{{"base", l.Base}, {"ids", strings.Join(list, " ")}, {"keys", strings.Join(activations, " ")}},
		onFact: func(key, value string) {
			switch key {
			case "removed":
				p.Removed = append(p.Removed, release.ID(value))
			case "in_use":
				p.InUse = append(p.InUse, release.ID(value))
			}
		},
	}.run(ctx, m)
	return p, err
}
