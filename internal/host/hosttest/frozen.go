package hosttest

import (
	"errors"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/script"
)

// frozenStep is a step that a run takes after it stood still and another run
// has deployed meanwhile.
type frozenStep struct {
	verb     release.Verb
	activate bool // the run had activated its release before
	do       func(c *contract, h rollout.Host, to host.Target) error
}

// frozen has every step that changes a host.
var frozen = map[string]frozenStep{
	"stage": {release.Deploy, false, func(c *contract, h rollout.Host, _ host.Target) error {
		return h.Stage(c.Context(), c.Release(3, false))
	}},
	"note": {release.Stage, false, func(c *contract, h rollout.Host, to host.Target) error {
		return h.Note(c.Context(), release.Staged{To: to.ID})
	}},
	"prepare": {release.Deploy, false, func(c *contract, h rollout.Host, to host.Target) error {
		_, _, err := h.Prepare(c.Context(), to.ID)
		return err
	}},
	"migrations": {release.Deploy, false, func(c *contract, h rollout.Host, to host.Target) error {
		migrated, err := h.Once(c.Context(), to)
		if migrated {
			return errors.New("it migrated")
		}
		return err
	}},
	"activate": {release.Deploy, false, func(c *contract, h rollout.Host, to host.Target) error {
		return h.Activate(c.Context(), to)
	}},
	"going back": {release.Deploy, true, func(c *contract, h rollout.Host, _ host.Target) error {
		h.GoBack(c.Context(), "it is bad")
		return host.ErrTakenOver // contract.frozen checks the result
	}},
	"conclude": {release.Deploy, true, func(c *contract, h rollout.Host, _ host.Target) error {
		return h.Conclude(c.Context())
	}},
	"prune": {release.Deploy, false, func(c *contract, h rollout.Host, to host.Target) error {
		return h.Prune(c.Context(), to.ID)
	}},
	"take back": {release.Revert, false, func(c *contract, h rollout.Host, _ host.Target) error {
		h.TakeBack(c.Context(), release.Activation{})
		return host.ErrTakenOver // contract.frozen checks the result
	}},
}

// frozen checks that a run changes nothing after another one has deployed, and
// that it knows what the host runs.
func (c *contract) frozen(step frozenStep) {
	one := c.deploy(1, keep)
	h, to := c.before(step)
	c.Freeze()
	nine := c.deployOver(9)
	err := step.do(c, h, to)
	if !host.IsTakenOver(err) && !errors.As(err, new(*script.Fenced)) && (err == nil || step.verb != release.Deploy || h.Switched()) {
		c.Errorf("the step ends with %v, switched %v", err, h.Switched())
	}
	if r := h.Result(); r.After != nine.ID || h.Switched() {
		c.Errorf("it says that the host runs %q; switched %v", r.After, h.Switched())
	}
	c.end(h)
	seen := c.runs(nine, one, nine)
	if i := slices.IndexFunc(seen.History, func(change release.Change) bool { return change.Verb == release.Migrate }); i >= 0 {
		c.Error("it ran its migrations")
	}
}

// before begins a run and carries it out up to a step.
func (c *contract) before(step frozenStep) (rollout.Host, host.Target) {
	if step.verb == release.Revert {
		return c.meet(release.Revert, keep), host.Target{}
	}
	h, to := c.staged(c.Release(2, false), func(p *host.Plan) {
		p.Migrate = "app-migrate.service"
		env("1")(p) // it is not in use, so it is to be pruned
	})
	if step.activate {
		c.ok(h.Activate(c.Context(), to))
	}
	return h, to
}

// deployOver deploys the n-th release as the run that finds what another one
// has left.
func (c *contract) deployOver(n int) release.Activation {
	h := c.meet(release.Deploy, keep)
	c.ok(h.Repair(c.Context()))
	r := c.Release(n, false)
	c.ok(h.Stage(c.Context(), r))
	to, _, err := h.Prepare(c.Context(), r.Manifest().ReleaseID)
	c.ok(err)
	c.ok(h.Activate(c.Context(), host.Target{Activation: to}))
	c.ok(h.Conclude(c.Context()))
	c.end(h)
	return to
}

func (c *contract) thaws() {
	one := c.deploy(1, keep)
	h, to := c.staged(c.Release(2, false), keep)
	c.ok(h.Activate(c.Context(), to))
	c.Freeze()
	c.ok(h.Conclude(c.Context()))
	c.end(h)
	c.runs(to.Activation, one, to.Activation)
}

func (c *contract) thawsAndGoesBack() {
	one := c.deploy(1, keep)
	h, to := c.staged(c.Release(2, false), keep)
	c.ok(h.Activate(c.Context(), to))
	c.Freeze()
	h.GoBack(c.Context(), "it is bad")
	if r := h.Result(); r.Outcome != host.Reverted || r.After != one.ID {
		c.Errorf("after going back: %+v", r)
	}
	c.end(h)
	c.runs(one, one)
}
