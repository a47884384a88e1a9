package rollout

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// atOnce bounds how many hosts are worked on at the same time. Each is a
// connection of its own; package remote bounds those through one jump host.
const atOnce = 32

// each runs f for the hosts, several at a time, and waits for all of them.
func each(hosts []*host, f func(*host)) { eachOf(atOnce, hosts, f) }

func eachOf(n int, hosts []*host, f func(*host)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, n)
	for _, h := range hosts {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(h)
		})
	}
	wg.Wait()
}

// meet connects to the hosts, locks and inspects them. What is wrong with a
// host is noted in its result; nothing is changed.
//
// A host whose lock another run has is inspected too: all that is wrong is told
// at once, and nobody waits for a lock to be told of something else then.
func (r *run) meet(ctx context.Context, n needs) {
	defer r.log.Phase("Look at %s", count(len(r.hosts), "host"))()
	each(r.hosts, func(h *host) {
		err := r.timed(h, PhaseConnect, func() (err error) {
			h.Host, err = h.dial(ctx)
			return err
		})
		if err != nil {
			h.fail(Untouched, err)
		}
	})
	if !r.plan.DryRun {
		r.lockAll(ctx, 0)
	}
	r.inspectAll(ctx, n)
	if r.plan.WaitForLock > 0 && r.isHeld() && r.mayGoOn() {
		r.lockAll(ctx, r.plan.WaitForLock)
		r.inspectAll(ctx, n)
	}
	r.sameOwner()
	r.tellMet()
}

func (r *run) inspectAll(ctx context.Context, n needs) {
	each(r.healthy(), func(h *host) {
		if err := r.timed(h, PhaseInspect, func() error { return r.inspectOne(ctx, h, n) }); err != nil {
			h.fail(Untouched, err)
		}
	})
	if r.plan.WaitForLock > 0 && r.isHeld() && r.mayGoOn() {
		return // and look again when the lock is free
	}
	for _, h := range r.hosts {
		// The findings say why there is no lock, unless another run has it.
		if h.lockErr != nil && (!h.failed() || isHeld(h.lockErr)) {
			h.fail(Untouched, errors.Join(h.lockErr, h.problem()))
		}
	}
}

func (r *run) tellMet() {
	said := notices{}
	defer said.tell(r)
	for _, h := range r.hosts {
		if h.failed() {
			r.log.Say(h.name, "%s", h.result.Problem)
			if text := drift(h.seen, r.plan.App); text != "" {
				said.add(h, text) // it may be why
			}
			continue
		}
		r.log.Say(h.name, "runs %s; current is %s", orNothing(h.seen.Running()), h.seen.Current)
		for _, w := range warnings(h.seen, r.plan.App) {
			said.add(h, w)
		}
	}
}

func (r *run) inspectOne(ctx context.Context, h *host, n needs) error {
	if err := r.inspect(ctx, h, n); err != nil {
		return err
	}
	h.result.Before, h.result.After = h.seen.Current.ID, h.seen.Current.ID
	found := findings(h.seen, r.plan, n)
	if r.plan.Health != nil {
		found = append(found, h.tryHealth(ctx, r.plan.Health))
	}
	if err := errors.Join(found...); err != nil {
		return err
	}
	if h.lockErr == nil {
		r.lookBefore(ctx, h)
	}
	return nil
}

func (r *run) inspect(ctx context.Context, h *host, n needs) (err error) {
	look := script.Look{Units: r.plan.Units, Restart: r.plan.Restart, Libraries: n.libraries, Staged: n.staged,
		Migrate: r.plan.Migrate, Stamp: r.plan.App.SetupStamp()}
	h.seen, err = r.on(h).Inspect(ctx, look)
	h.seenAt = time.Now()
	return err
}

// sameOwner refuses a deploy to hosts that were set up in different ways: who
// owns the application's directory is who may change it. Most hosts are right.
func (r *run) sameOwner() {
	if r.outcome.Verb != release.Deploy && r.outcome.Verb != release.Stage {
		return
	}
	owned := map[string][]*host{}
	usual := ""
	for _, h := range r.hosts {
		for _, d := range h.seen.Directories {
			if d.Path != r.plan.Layout.Base {
				continue
			}
			owned[d.Owner] = append(owned[d.Owner], h)
			if len(owned[d.Owner]) > len(owned[usual]) {
				usual = d.Owner
			}
		}
	}
	for owner, hosts := range owned {
		for _, h := range hosts {
			if owner != usual {
				h.fail(Untouched, errors.Join(h.problem(), fmt.Errorf("%s belongs to %s here, and to %s on %s: the hosts of one fleet have one owner; run the setup phase, or deploy to this one by itself", r.plan.Layout.Base, owner, usual, nameHosts(owned[usual]))))
			}
		}
	}
}

// lookBefore finds out whether what runs meets what the new release is to meet:
// going back cannot be asked for more than there was.
func (r *run) lookBefore(ctx context.Context, h *host) {
	now := h.seen.Current
	if now.IsZero() || h.seen.Running() != now.ID || h.seen.Change != nil {
		return
	}
	if err := r.newProof(h, now, nil).look(ctx); err != nil {
		h.unmet = true
		r.log.Notice(fmt.Sprintf("%s: what runs now does not meet the checks: %v; if this run fails, going back to it is proved by its units alone", h.name, err))
	}
}

// tryHealth finds out how the health URL can be asked. That nothing listens
// there is no finding: on a first deploy nothing does.
func (h *host) tryHealth(ctx context.Context, health *Health) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	conn, err := h.DialContext(ctx, "tcp", health.addr())
	if err == nil {
		return conn.Close()
	}
	var forbidden interface{ ForwardingForbidden() bool }
	if !errors.As(err, &forbidden) || !forbidden.ForwardingForbidden() {
		return nil
	}
	if !slices.Contains(h.seen.Missing, "curl") {
		h.curl = true
		return nil
	}
	return fmt.Errorf("the health URL cannot be asked: sshd forbids TCP forwarding, and there is no curl on the host: install curl, or set 'AllowTcpForwarding local' in sshd_config")
}

func (h Health) addr() string {
	port := h.URL.Port()
	if port == "" && h.URL.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return net.JoinHostPort(h.URL.Hostname(), port)
}

// part ends everything that was begun in meet.
func (r *run) part() {
	each(r.hosts, func(h *host) {
		h.unlock()
		if h.Host != nil {
			if err := h.Close(); err != nil {
				r.log.Say(h.name, "closing the connection: %v", err)
			}
		}
	})
}
