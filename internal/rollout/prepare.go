package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/release"
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

// prepare connects to the hosts, locks and inspects them. What is wrong with a
// host is noted in its result; nothing is changed.
func (r *run) prepare(ctx context.Context, verb release.Verb) {
	defer r.log.Phase("Look at %s", count(len(r.hosts), "host"))()
	each(r.hosts, func(h *host) {
		if err := r.meet(ctx, h, verb); err != nil {
			h.fail(Untouched, err)
		}
	})
	for _, h := range r.hosts {
		if h.failed() {
			r.log.Say(h.name, "%s", h.result.Problem)
			continue
		}
		r.log.Say(h.name, "runs %s; current is %s", orNothing(h.seen.Running), orNothing(h.seen.Current))
	}
}

func (r *run) meet(ctx context.Context, h *host, verb release.Verb) (err error) {
	if h.Host, err = h.dial(ctx); err != nil {
		return err
	}
	if h.lock, err = script.TakeLock(ctx, h, r.plan.Layout.State(), r.holder(verb), script.Wait{}); err != nil {
		return err
	}
	out := r.log.Output(h.name)
	defer out.Close()
	if h.seen, err = script.Inspect(ctx, h, r.plan.Layout, r.plan.Unit, out); err != nil {
		return err
	}
	h.seenAt = time.Now()
	h.result.Before, h.result.After = h.seen.Current, h.seen.Current
	return errors.Join(findings(h.seen, r.plan)...)
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

// findings lists what would keep any change of this host from working, each
// with its remedy.
func findings(in script.Inspection, p Plan) []error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	base := p.Layout.Base
	if in.BaseKind != "dir" {
		add("%s is not there: run the setup phase for this host, or set deploy-to", base)
		return errs
	}
	for _, dir := range in.Unwritable {
		add("%s must be a directory that %s can write: run the setup phase, or chown it", dir, in.User)
	}
	errs = append(errs, aboutCurrent(in, p)...)
	if in.Load != "loaded" {
		add("there is no unit %s (systemd says %s): run the setup phase, or set unit", p.Unit, in.Load)
	}
	for _, action := range in.NotAllowed {
		add("%s may not run 'sudo systemctl %s %s' without a password: add exactly that rule to sudoers", in.User, action, p.Unit)
	}
	return errs
}

// aboutCurrent refuses what a failed run could not be put back to.
func aboutCurrent(in script.Inspection, p Plan) []error {
	current := p.Layout.Base + "/current"
	switch {
	case in.CurrentKind == "dir" || in.CurrentKind == "other":
		return []error{fmt.Errorf("%s is not a link: move it away; Slipway makes it a link to the running release", current)}
	case in.CurrentKind == "link" && in.Current == "":
		return []error{fmt.Errorf("%s points to something else than a release in %s/releases: remove the link, or set deploy-to", current, p.Layout.Base)}
	case in.CurrentKind == "link" && !slices.Contains(in.Releases, in.Current):
		return []error{fmt.Errorf("%s points to release %s, which is not there: remove the link, or put the release back", current, in.Current)}
	case in.CurrentKind == "none" && in.Active == "active" && in.Change == nil:
		return []error{fmt.Errorf("%s runs although there is no %s: its ExecStart must use that path, and what runs must be stopped first", p.Unit, current)}
	}
	return nil
}

// roomFor lists what would keep this release from being staged and run here.
func roomFor(m release.Manifest, in script.Inspection) []error {
	var errs []error
	if in.OS != m.OS || in.Arch != m.Arch {
		errs = append(errs, fmt.Errorf("the release was built for %s %s, and this host is %s %s: build on a server of the same kind", m.OS, m.Arch, in.OS, in.Arch))
	}
	const reserve = 64 << 10 // KiB that a server needs to go on working
	if need := m.Size()/1024 + reserve; in.FreeKiB < need {
		errs = append(errs, fmt.Errorf("%d MiB are free where the release goes, and it needs %d: remove what is not needed", in.FreeKiB>>10, need>>10))
	}
	if need := int64(len(m.Files)) + 100; in.FreeInodes > 0 && in.FreeInodes < need {
		errs = append(errs, fmt.Errorf("%d inodes are free where the release goes, and it needs %d", in.FreeInodes, need))
	}
	return errs
}

// repair brings a host that a dead run left in the middle of a change back to
// what it ran before that change, and says so.
func (r *run) repair(ctx context.Context, h *host) error {
	record := h.seen.Change
	if record == nil {
		return nil
	}
	if h.seen.History.Has(record.Key) {
		// It was concluded; only the removal of its record is missing.
		return script.Forget(ctx, h, r.plan.Layout)
	}
	if h.seen.Current != record.From || h.seen.Running != record.From {
		if err := r.goBackTo(ctx, h, record.From); err != nil {
			return fmt.Errorf("a run of %s died in the middle of a change to %s, and going back to %s failed: %w",
				record.At.Format(time.RFC3339), record.To, orNothing(record.From), err)
		}
	}
	record.Outcome, record.Reason = release.Interrupted, "the run ended in the middle of the change"
	if err := script.Conclude(ctx, h, r.plan.Layout, *record); err != nil {
		return err
	}
	r.log.Say(h.name, "repaired: a run of %s ended in the middle of a change to %s; back on %s",
		record.At.Format(time.RFC3339), record.To, orNothing(record.From))
	h.seen.Current, h.seen.Running = record.From, record.From
	h.seen.History = append(h.seen.History, *record)
	h.result.Before, h.result.After = record.From, record.From
	return nil
}

// repairPatience is how long a repaired host may take to answer again.
const repairPatience = 20 * time.Second

// goBackTo restarts what ran before. That it does not work any more keeps
// nobody from deploying what mends it; so it is told, and is no error.
func (r *run) goBackTo(ctx context.Context, h *host, id release.ID) error {
	out := r.log.Output(h.name)
	defer out.Close()
	if err := script.Activate(ctx, h, r.plan.Layout, r.plan.Unit, id, nil, out); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, repairPatience)
	defer cancel()
	// Waiting also spares the next restart a BEAM that is still booting: it
	// would ignore SIGTERM until systemd loses patience.
	if err := r.proveBack(ctx, h, id); err != nil {
		r.log.Say(h.name, "%s runs again and is not healthy: %v", orNothing(id), err)
	}
	return nil
}

func orNothing(id release.ID) string {
	if id == "" {
		return "nothing"
	}
	return string(id)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
