package host

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/internal/words"
)

// Usable returns an error that says why the host cannot go back to an
// activation, and which ones it can go back to.
func (h *Host) Usable(ctx context.Context, a release.Activation) error {
	h.shell.Ahead(ctx, "activate", "conclude")
	return h.timed(PhaseVerify, func() error {
		err := h.complete(ctx, a)
		if err == nil {
			return nil
		}
		for _, other := range instead(h.seen.Inspection, a) {
			if h.complete(ctx, other) == nil {
				return fmt.Errorf("%w; the next good one here is %s: roll back to it by its release ID", err, other.ID)
			}
		}
		return fmt.Errorf("%w; no other release in this host's history is good: deploy one", err)
	})
}

// instead returns the activations that a rollback could use in place of one:
// those before it in the history, then those before the current one.
func instead(in script.Inspection, a release.Activation) []release.Activation {
	var others []release.Activation
	for _, other := range append(in.History.Before(a), in.History.Before(in.Current)...) {
		if other.ID != a.ID && other.ID != in.Current.ID && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	return others
}

// complete returns an error unless the host has all of an activation.
func (h *Host) complete(ctx context.Context, a release.Activation) error {
	if !slices.Contains(h.seen.Releases, a.ID) {
		return fmt.Errorf("release %s is not on this host, which has %s", a.ID, words.List(h.seen.Releases))
	}
	if a.Env != "" && !slices.Contains(h.seen.Activations, a.Env) {
		return fmt.Errorf("the environment of release %s (%s) is not on this host any more", a.ID, h.plan().Layout.Activation(a.Env))
	}
	return h.script().Recheck(ctx, a.ID)
}
