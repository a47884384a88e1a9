package hosttest

import (
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// other returns another release with the ID of the n-th one.
func (c *contract) other(n int) release.Manifest {
	m := c.Release(n, false).Manifest()
	m.Repository = "git@h.test:apxr/fork.git"
	return m
}

// look begins a run and looks at the host.
func (c *contract) look(verb release.Verb, q host.Question) (rollout.Host, error) {
	c.Helper()
	h := c.Begin(verb, keep)
	c.ok(h.Connect(c.Context()))
	return h, h.Look(c.Context(), q)
}

// refuses checks that the host takes the n-th release, and no other one with its ID.
func (c *contract) refuses(n int) {
	c.Helper()
	other, same := c.other(n), c.Release(n, false).Manifest()
	h, err := c.look(release.Deploy, host.Question{Release: &other})
	if err == nil || !strings.Contains(err.Error(), "on this host with other contents") {
		c.Errorf("another release %d: %v", n, err)
	}
	c.end(h)
	h, err = c.look(release.Deploy, host.Question{Release: &same})
	c.ok(err)
	c.end(h)
}

// contents checks that a release is known by its contents, whether it runs or is
// only staged.
func (c *contract) contents() {
	one := c.deploy(1, keep)
	h := c.meet(release.Stage, keep)
	c.ok(h.Stage(c.Context(), c.Release(2, false)))
	c.end(h)
	for n := 1; n <= 2; n++ {
		c.refuses(n)
		m := c.Release(n, false).Manifest()
		want, err := m.Digest()
		c.ok(err)
		h, err := c.look(release.Activate, host.Question{Staged: m.ReleaseID})
		c.ok(err)
		if got := h.Seen().Digest; got != want {
			c.Errorf("release %d: it has the digest %q, want %q", n, got, want)
		}
		c.end(h)
	}
	c.runs(one, one)
}

// contentsOnce checks that a host remembers a release that it no longer has. A rollback
// that fetches the release asks only whether it fits.
func (c *contract) contentsOnce() {
	one := c.deploy(1, keep)
	c.deploy(2, keep)
	three := c.deploy(3, keep)
	h := c.meet(release.Deploy, func(p *host.Plan) { p.Keep = 2 })
	c.ok(h.Prune(c.Context(), three.ID))
	c.end(h)
	h = c.meet(release.Deploy, keep)
	if slices.Contains(h.Seen().Releases, one.ID) {
		c.Fatal("it was not removed")
	}
	c.ok(h.Fits(c.Release(1, false).Manifest()))
	if err := h.Fits(c.other(1)); err == nil || !strings.Contains(err.Error(), "on this host with other contents") {
		c.Errorf("another release: %v", err)
	}
	c.end(h)
	c.refuses(1)
}
