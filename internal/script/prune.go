package script

import (
	"context"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Tidy removes the files of runs that died.
func (h Host) Tidy(ctx context.Context) error {
	return h.logged(ctx, call{script: "tidy", args: h.args()})
}

// Pruned says what happened to the releases that were to be removed.
type Pruned struct {
	Removed []release.ID
	InUse   []release.ID // processes still run from them
}

// Prune removes releases and activations, and the files of runs that died.
func (h Host) Prune(ctx context.Context, ids []release.ID, activations []string) (Pruned, error) {
	var p Pruned
	err := h.logged(ctx, call{
		script: "prune",
		args:   h.args(arg{"ids", joined(ids)}, arg{"keys", strings.Join(activations, " ")}),
		onFact: func(key, value string) {
			switch key {
			case "removed":
				p.Removed = append(p.Removed, release.ID(value))
			case "in_use":
				p.InUse = append(p.InUse, release.ID(value))
			}
		},
	})
	return p, err
}

// joined returns release IDs as the words of one argument.
func joined(ids []release.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}
