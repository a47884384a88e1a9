package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Question says what a look at a host is for.
type Question struct {
	Release *release.Manifest // the release to deploy; nil: the host has all that it needs
	Staged  release.ID        // read the note of this staged release
	Asked   release.ID        // a release that a person has named
	List    bool              // only list what the host has, for a run that changes nothing
	Whole   bool              // read the whole history
}

// Look inspects the host. The error has everything that would make a change
// fail, each with its remedy. Look changes nothing.
func (h *Host) Look(ctx context.Context, q Question) error {
	n, err := needsOf(q)
	if err != nil {
		return err
	}
	if q.List {
		return h.inspect(ctx, h.lookFor(q, n))
	}
	return h.timed(PhaseInspect, func() error { return h.examine(ctx, n, h.lookFor(q, n)) })
}

// lookFor returns what an inspection has to cover.
func (h *Host) lookFor(q Question, n needs) script.Look {
	if q.List {
		return script.Look{Units: h.plan().Units, Sizes: true, Whole: q.Whole}
	}
	return script.Look{
		Units: h.plan().Units, Ports: h.plan().Ports, Restart: h.restart(), Libraries: n.libraries, Staged: n.staged, Digest: n.id(),
		Migrate: h.plan().Migrate, Stamp: h.plan().App.SetupStamp(), About: q.About(),
	}
}

// About returns what the question looks up in a host's history.
func (q Question) About() []string {
	about := []string{string(q.Asked), string(q.Staged)}
	if q.Release != nil {
		about = append(about, string(q.Release.ReleaseID), q.Release.Revision)
	}
	return slices.DeleteFunc(about, func(word string) bool { return word == "" })
}

func (h *Host) examine(ctx context.Context, n needs, l script.Look) error {
	if err := h.inspect(ctx, l); err != nil {
		return err
	}
	h.result.Before, h.result.After = h.seen.Current.ID, h.seen.Current.ID
	found := findings(h.seen.Inspection, *h.plan(), n)
	if health := h.plan().Health; health != nil {
		found = append(found, h.tryHealth(ctx, health))
	}
	if err := errors.Join(found...); err != nil {
		return err
	}
	if h.lockErr == nil {
		h.lookBefore(ctx)
	}
	return nil
}

func (h *Host) inspect(ctx context.Context, l script.Look) error {
	in, at, err := h.answer(ctx, l)
	if err == nil && in.Older > 0 && !in.History.Suffices(h.plan().Keep) {
		l.Whole = true
		in, err = h.script().Inspect(ctx, l)
	}
	if h.seen = (Seen{Inspection: in, At: at}); err != nil {
		h.seen.At = time.Time{} // what came is not all: it says nothing
	}
	return err
}

// lookBefore finds out whether the running release passes the checks for the
// new one. If it does not, going back must not require that either.
func (h *Host) lookBefore(ctx context.Context) {
	now := h.seen.Current
	h.met, h.unmet = false, false
	if now.IsZero() || h.seen.Running() != now.ID || h.seen.Change != nil {
		return
	}
	err := h.newProof(now, nil).judge(ctx, h.seen.Service)
	h.met = err == nil
	if err != nil {
		h.unmet = true
		h.notice("what runs now does not meet the checks: %v; if this run fails, going back to it is proved by its units alone", err)
	}
}

// tryHealth finds out how to request the health URL. A closed port is not an
// error: nothing listens before a first deploy.
func (h *Host) tryHealth(ctx context.Context, health *config.Health) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	conn, err := h.conn.DialContext(ctx, "tcp", health.Addr())
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
	return fmt.Errorf("the health URL cannot be asked: sshd forbids TCP forwarding, and there is no curl on the host: install curl, or allow it in sshd_config: 'AllowTcpForwarding local', no DisableForwarding, and %s if it has a PermitOpen", health.Addr())
}
