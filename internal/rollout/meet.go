package rollout

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/script"
)

// atOnce bounds how many hosts are worked on at the same time: sshd's
// MaxStartups drops connections beyond 10.
const atOnce = 8

// each runs f for the hosts, several at a time, and waits for all of them.
func each(hosts []*host, f func(*host)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
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
func (r *run) meet(ctx context.Context, n needs) {
	defer r.log.Phase("Look at %s", count(len(r.hosts), "host"))()
	each(r.hosts, func(h *host) {
		if err := r.meetOne(ctx, h, n); err != nil {
			h.fail(Untouched, err)
		}
	})
	for _, h := range r.hosts {
		if h.failed() {
			r.log.Say(h.name, "%s", h.result.Problem)
			continue
		}
		r.log.Say(h.name, "runs %s; current is %s", orNothing(h.seen.Running()), h.seen.Current)
		for _, w := range warnings(h.seen) {
			r.log.Notice(h.name + ": " + w)
		}
	}
}

func (r *run) meetOne(ctx context.Context, h *host, n needs) (err error) {
	if h.Host, err = h.dial(ctx); err != nil {
		return err
	}
	var lockErr error
	if !r.plan.DryRun {
		h.lock, lockErr = script.TakeLock(ctx, h, r.plan.Layout.State(), false, r.holder(), script.Wait{})
	}
	// Also without the lock: all that is wrong with a host is told at once.
	if err := r.inspect(ctx, h, n); err != nil {
		return errors.Join(lockErr, err)
	}
	h.result.Before, h.result.After = h.seen.Current.ID, h.seen.Current.ID
	found := findings(h.seen, r.plan, n)
	if r.plan.Health != nil {
		found = append(found, h.tryHealth(ctx, r.plan.Health))
	}
	if err = errors.Join(found...); err == nil {
		r.lookBefore(ctx, h)
	}
	if held := (*script.Held)(nil); errors.As(lockErr, &held) || err == nil {
		err = errors.Join(lockErr, err) // else the findings say why there is no lock
	}
	return err
}

func (r *run) inspect(ctx context.Context, h *host, n needs) (err error) {
	out := r.log.Output(h.name)
	defer out.Close()
	look := script.Look{Layout: r.plan.Layout, Units: r.plan.Units, Restart: r.plan.Restart, Libraries: n.libraries}
	h.seen, err = script.Inspect(ctx, h, look, out)
	h.seenAt = time.Now()
	return err
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
		if h.lock != nil {
			h.lock.Release()
		}
		if h.Host != nil {
			if err := h.Close(); err != nil {
				r.log.Say(h.name, "closing the connection: %v", err)
			}
		}
	})
}
