package hosttest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// Bench has one host without any deploys, and releases for it.
type Bench struct {
	// Begin begins a run on the host. The function change changes the bench's
	// own plan.
	Begin func(verb release.Verb, change func(*host.Plan)) rollout.Host
	// Release makes the n-th release; one that is bad does not run when it is started.
	Release func(n int, bad bool) host.Source
	// Freeze lets the run that began last stand still until it has lost the
	// lock. The run does not notice.
	Freeze func()
}

// Contract checks that a kind of host does what package rollout needs.
func Contract(t *testing.T, bench func(t *testing.T) Bench) {
	all := map[string]func(*contract){
		"a first deploy, and the same again": (*contract).first,
		"a second deploy and a rollback":     (*contract).rollback,
		"a bad release goes back":            (*contract).bad,
		"a bad first release leaves nothing": (*contract).badFirst,
		"a run that dies is repaired":        (*contract).dies,
		"one run at a time":                  (*contract).locks,
		"environments":                       (*contract).environments,
		"a dropped environment":              (*contract).drop,
		"a note of staging":                  (*contract).note,
		"one ID, two releases":               (*contract).contents,
		"one ID, two releases, one removed":  (*contract).contentsOnce,
		"an activation is taken back":        (*contract).takeBack,
		"a first activation is taken back":   (*contract).takeBackFirst,
		"what is not there is not usable":    (*contract).usable,
		"old releases are removed":           (*contract).prune,
		"a cancelled activation goes back":   (*contract).cancelled,
		"a run that stood still goes on":     (*contract).thaws,
		"a run that stood still goes back":   (*contract).thawsAndGoesBack,
	}
	for step, f := range frozen {
		all["a run that stood still before "+step] = func(c *contract) { c.frozen(f) }
	}
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&contract{T: t, Bench: bench(t)})
		})
	}
}

type contract struct {
	*testing.T
	Bench
}

func keep(*host.Plan) {}

// meet begins a run and looks at the host.
func (c *contract) meet(verb release.Verb, change func(*host.Plan)) rollout.Host {
	c.Helper()
	h := c.Begin(verb, change)
	c.Cleanup(func() { h.Close() })
	c.ok(h.Connect(c.Context()))
	h.Expect(c.Context(), host.Question{})
	c.ok(h.Lock(c.Context(), 0))
	c.ok(h.Look(c.Context(), host.Question{}))
	return h
}

func (c *contract) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *contract) end(h rollout.Host) {
	c.Helper()
	c.ok(h.Close())
}

// staged begins a deploy and stages the release.
func (c *contract) staged(r host.Source, change func(*host.Plan)) (rollout.Host, host.Target) {
	c.Helper()
	h := c.meet(release.Deploy, change)
	m := r.Manifest()
	c.ok(h.Fits(m))
	c.ok(h.Stage(c.Context(), r))
	if !slices.Contains(h.Seen().Releases, m.ReleaseID) {
		c.Errorf("after staging the host has %v", h.Seen().Releases)
	}
	to, runs, err := h.Prepare(c.Context(), m.ReleaseID)
	c.ok(err)
	if runs {
		c.Errorf("it runs %s already", to)
	}
	digest, err := m.Digest()
	c.ok(err)
	return h, host.Target{Activation: to, Version: m.Version, Revision: m.Revision, Ref: m.Ref, Digest: digest}
}

// deploy makes the n-th release, a good one, live.
func (c *contract) deploy(n int, change func(*host.Plan)) release.Activation {
	c.Helper()
	h, to := c.staged(c.Release(n, false), change)
	c.ok(h.Activate(c.Context(), to))
	if r := h.Result(); r.Outcome != host.Live || r.After != to.ID || !h.Switched() || r.Failed() {
		c.Errorf("after its proof: %+v, switched %v", r, h.Switched())
	}
	c.ok(h.Conclude(c.Context()))
	if h.Switched() {
		c.Error("it is concluded, and still counts as switched")
	}
	c.end(h)
	return to.Activation
}

// runs checks what the host has and runs, with a new look.
func (c *contract) runs(want release.Activation, stack ...release.Activation) host.Seen {
	c.Helper()
	h := c.meet(release.Deploy, keep)
	seen := h.Seen()
	if seen.Current != want || seen.Running() != want.ID {
		c.Errorf("current is %s and %s runs, want %s", seen.Current, seen.Running(), want)
	}
	if seen.Change != nil {
		c.Errorf("a change record is left: %+v", *seen.Change)
	}
	if got := seen.History.Stack(); !slices.Equal(got, stack) {
		c.Errorf("the stack is %v, want %v", got, stack)
	}
	if r := h.Result(); r.Before != want.ID || r.After != want.ID {
		c.Errorf("the result says %q before and %q now", r.Before, r.After)
	}
	c.end(h)
	return seen
}

func (c *contract) first() {
	one := c.deploy(1, keep)
	seen := c.runs(one, one)
	if digest, err := c.Release(1, false).Manifest().Digest(); err != nil || seen.CurrentDigest != digest {
		c.Errorf("the digest of what is current is %q, want %q: %v", seen.CurrentDigest, digest, err)
	}
	h := c.meet(release.Deploy, keep)
	c.ok(h.Repair(c.Context())) // there is nothing to repair
	c.ok(h.Stage(c.Context(), c.Release(1, false)))
	c.ok(h.Verify(c.Context(), one.ID))
	if to, runs, err := h.Prepare(c.Context(), one.ID); err != nil || !runs || to != one {
		c.Errorf("the same again: %s, runs %v, %v", to, runs, err)
	}
	c.end(h)
	c.runs(one, one)
}

func (c *contract) rollback() {
	one, two := c.deploy(1, keep), c.deploy(2, keep)
	c.runs(two, one, two)
	h := c.meet(release.Rollback, keep)
	if h.Runs(c.Context(), one) || !h.Runs(c.Context(), two) {
		c.Error("it does not know what it runs")
	}
	c.ok(h.Usable(c.Context(), one))
	to, err := h.Adopt(c.Context(), one)
	c.ok(err)
	c.ok(h.Activate(c.Context(), host.Target{Activation: to}))
	c.ok(h.Conclude(c.Context()))
	c.end(h)
	seen := c.runs(one, one)
	if _, bad := seen.History.Bad(two.ID, ""); !bad {
		c.Error("what was rolled back is not bad")
	}
}

func (c *contract) bad() {
	one := c.deploy(1, keep)
	h, to := c.staged(c.Release(2, true), keep)
	if err := h.Activate(c.Context(), to); err == nil || !h.Switched() || h.Result().Outcome != host.Failed || h.Result().Kind != host.NotProved {
		c.Errorf("a bad release: %v, %+v", err, h.Result())
	}
	h.GoBack(c.Context(), "it is bad")
	if r := h.Result(); r.Outcome != host.Reverted || r.After != one.ID || r.Problem != "it is bad" || h.Switched() || len(r.UnitLog) == 0 {
		c.Errorf("after going back: %+v", r)
	}
	h.GoBack(c.Context(), "again") // a second time changes nothing
	c.end(h)
	seen := c.runs(one, one)
	last := seen.History[len(seen.History)-1]
	if last.Outcome != release.Reverted || last.To != to.ID || last.Reason != "it is bad" {
		c.Errorf("the history ends with %+v", last)
	}
}

func (c *contract) badFirst() {
	h, to := c.staged(c.Release(1, true), keep)
	if h.Activate(c.Context(), to) == nil {
		c.Error("it is proved")
	}
	h.GoBack(c.Context(), "it is bad")
	if r := h.Result(); r.Outcome != host.Reverted || r.After != "" {
		c.Errorf("after going back: %+v", r)
	}
	c.end(h)
	c.runs(release.Activation{})
}

func (c *contract) dies() {
	one := c.deploy(1, keep)
	h, to := c.staged(c.Release(2, false), keep)
	c.ok(h.Activate(c.Context(), to))
	c.end(h) // without a conclusion
	h = c.meet(release.Deploy, keep)
	if seen := h.Seen(); seen.Dead() == nil || seen.Current != to.Activation || seen.Settled() != one {
		c.Errorf("it sees %+v, current %s", seen.Change, seen.Current)
	}
	c.ok(h.Repair(c.Context()))
	if seen := h.Seen(); seen.Current != one || seen.Running() != one.ID || h.Result().Before != one.ID {
		c.Errorf("after the repair: current %s, %+v", seen.Current, h.Result())
	}
	c.end(h)
	c.runs(one, one)
}

func (c *contract) locks() {
	h := c.meet(release.Deploy, keep)
	other := c.Begin(release.Rollback, keep)
	c.ok(other.Connect(c.Context()))
	if err := other.Lock(c.Context(), 0); !host.IsHeld(err) {
		c.Errorf("a lock that another run has: %v", err)
	}
	h.Unlock()
	h.Unlock()
	c.ok(other.Lock(c.Context(), 0))
	c.end(other)
	c.ok(h.Lock(c.Context(), 0))
	c.end(h)
}

// env returns a change of the plan that delivers an environment with a
// variable, or one without variables if value is empty.
func env(value string) func(*host.Plan) {
	var e config.Env
	if value != "" {
		e.Variables = []config.Variable{{Name: "A", Value: value}}
	}
	return func(p *host.Plan) { p.Env = &e }
}

func (c *contract) environments() {
	one := c.deploy(1, env("1"))
	if one.Env == "" {
		c.Fatal("it has no environment")
	}
	c.runs(one, one)
	two := c.deploy(2, keep) // keeps a copy of the environment
	if two.Env == "" || two.Env == one.Env {
		c.Errorf("the environments are %q and %q", one.Env, two.Env)
	}
	three := c.deploy(3, env(""))
	if three.Env != "" {
		c.Errorf("an environment that was taken away is %q", three.Env)
	}
	c.runs(three, one, two, three)
	four := c.deploy(3, env("2")) // only the environment changes
	c.runs(four, one, two, three, four)
}

func (c *contract) drop() {
	one := c.deploy(1, env("1"))
	h, to := c.staged(c.Release(2, false), env("2"))
	h.Drop(c.Context(), one) // this run did not make it
	h.Drop(c.Context(), to.Activation)
	c.end(h)
	seen := c.runs(one, one)
	if !slices.Equal(seen.Activations, []string{one.Env}) {
		c.Errorf("the environments are %v, want %s alone", seen.Activations, one.Env)
	}
}

func (c *contract) note() {
	one := c.deploy(1, keep)
	c.noted(one, 2, "")
	c.noted(one, 3, "something newer runs") // then it is not sent
}

func (c *contract) noted(current release.Activation, n int, superseded string) {
	h := c.meet(release.Stage, keep)
	r := c.Release(n, false)
	id := r.Manifest().ReleaseID
	if superseded == "" {
		c.ok(h.Stage(c.Context(), r))
	}
	c.ok(h.Note(c.Context(), release.Staged{To: id, Version: "2", Forced: true, Superseded: superseded}))
	c.end(h)
	h = c.Begin(release.Activate, keep)
	c.ok(h.Connect(c.Context()))
	c.ok(h.Look(c.Context(), host.Question{Staged: id}))
	staged, err := release.ParseStaged(h.Seen().Staged, id)
	if err != nil || staged.Source() != current || staged.Version != "2" || !staged.Forced || staged.Superseded != superseded {
		c.Errorf("the note is %+v, %v", staged, err)
	}
	c.end(h)
	c.runs(current, current)
}

func (c *contract) takeBack() {
	one, two := c.deploy(1, keep), c.deploy(2, keep)
	h := c.meet(release.Revert, keep)
	h.TakeBack(c.Context(), one)
	if r := h.Result(); r.Outcome != host.Reverted || r.After != one.ID || r.Failed() || h.Switched() {
		c.Errorf("after taking back: %+v", r)
	}
	c.end(h)
	seen := c.runs(one, one)
	if _, bad := seen.History.Bad(two.ID, ""); bad {
		c.Error("what was taken back is bad")
	}
}

func (c *contract) takeBackFirst() {
	c.deploy(1, keep)
	h := c.meet(release.Revert, keep)
	h.TakeBack(c.Context(), release.Activation{})
	if r := h.Result(); r.Outcome != host.Reverted || r.After != "" || r.Failed() {
		c.Errorf("after taking back: %+v", r)
	}
	c.end(h)
	c.runs(release.Activation{})
}

func (c *contract) usable() {
	one := c.deploy(1, env("1"))
	h := c.meet(release.Rollback, keep)
	c.ok(h.Usable(c.Context(), one))
	for want, a := range map[string]release.Activation{
		"release 20200101T000000 is not on this host":  {ID: "20200101T000000"},
		"the environment of release " + string(one.ID): {ID: one.ID, Env: "20200101T000000.000000000"},
	} {
		if err := h.Usable(c.Context(), a); err == nil || !strings.Contains(err.Error(), want) {
			c.Errorf("%s: %v, want %q", a, err, want)
		}
	}
	c.end(h)
}

func (c *contract) prune() {
	var all []release.Activation
	for n := range 4 {
		all = append(all, c.deploy(n+1, keep))
	}
	h := c.meet(release.Deploy, func(p *host.Plan) { p.Keep = 2 })
	c.ok(h.Prune(c.Context(), all[3].ID))
	c.end(h)
	if seen := c.runs(all[3], all...); !slices.Equal(slices.Sorted(slices.Values(seen.Releases)), []release.ID{all[2].ID, all[3].ID}) {
		c.Errorf("left: %v", seen.Releases)
	}
}

func (c *contract) cancelled() {
	one := c.deploy(1, keep)
	h, to := c.staged(c.Release(2, false), keep)
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	if h.Activate(ctx, to) == nil {
		c.Error("a cancelled activation is proved")
	}
	undo, end := host.Undo(ctx)
	defer end()
	h.GoBack(undo, "cancelled")
	c.end(h)
	h = c.meet(release.Deploy, keep)
	c.ok(h.Repair(c.Context()))
	c.end(h)
	c.runs(one, one)
}
