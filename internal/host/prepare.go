package host

import (
	"context"
	"slices"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Prepare puts the launcher and the environment into place. It returns the
// activation, and whether the host already runs it.
func (h *Host) Prepare(ctx context.Context, id release.ID) (to release.Activation, runs bool, err error) {
	env := h.environment()
	if h.launcher && env.Empty() {
		return release.Activation{ID: id}, false, nil // there is nothing to put into place
	}
	to, same, err := h.script().Prepare(ctx, id, h.run.Key, env)
	if err != nil {
		return to, false, err
	}
	if same {
		to = h.seen.Current
	} else if to.Env != "" {
		h.seen.Activations = append(h.seen.Activations, to.Env)
	}
	return to, same && h.Runs(ctx, to), nil
}

// Runs reports whether the host runs an activation that is proved and in its
// history.
func (h *Host) Runs(ctx context.Context, a release.Activation) bool {
	if h.seen.Current != a || !slices.Contains(h.seen.History.Stack(), a) {
		return false
	}
	return h.met || h.newProof(a, nil).look(ctx) == nil
}

// Adopt returns the activation for a rollback. A release that was never live
// here has no environment of its own, so it gets a copy of the current one.
func (h *Host) Adopt(ctx context.Context, a release.Activation) (release.Activation, error) {
	if _, live := h.seen.History.LatestOf(a.ID); live || h.seen.Current.Env == "" {
		return a, nil
	}
	a, _, err := h.script().Prepare(ctx, a.ID, h.run.Key, script.Environment{Keep: h.seen.Current.Env})
	return a, err
}

// Drop removes the environment of an activation of this run that was not
// completed. If that fails, the next prune removes it.
func (h *Host) Drop(ctx context.Context, a release.Activation) {
	if a.Env != h.run.Key {
		return // it belongs to an earlier activation
	}
	if _, err := h.script().Prune(ctx, nil, []string{a.Env}); err != nil {
		h.say("the environment of the release that failed was not removed: %v", err)
	}
}
