package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// Stage is the first half of [Deploy]. It puts a complete, verified release on
// the hosts and leaves a note there for [Activate]. It switches nothing.
func Stage(ctx context.Context, plan Plan, candidates []Candidate, a Artifact, log *progress.Log) (Result, error) {
	r := newRun(release.Stage, plan, candidates, log)
	defer r.part()
	err := r.stageAndNote(ctx, a)
	return r.result(ctx, err), err
}

func (r *run) stageAndNote(ctx context.Context, a Artifact) error {
	if err := r.stageEverywhere(ctx, a); err != nil {
		return err
	}
	note := release.Staged{
		To: r.outcome.Target, Version: r.outcome.Version, Revision: r.outcome.Revision, Ref: r.outcome.Ref,
		Digest: r.outcome.Digest, Forced: r.plan.Force, Superseded: r.outcome.Notice,
	}
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Note(ctx, note); err != nil {
			m.fail(host.Untouched, host.As(ctx, host.NotStaged, err))
		} else if r.outcome.Became == "" {
			m.Result().Outcome = host.Staged
		}
	})
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if r.outcome.Became == "" {
		r.outcome.Became = BecameStaged
	}
	return nil
}

// Activate is the second half of [Deploy]. It makes hosts run a release that
// was staged there, and needs no build host. No run held the locks in between,
// so it refuses hosts on which another release has become current.
func Activate(ctx context.Context, plan Plan, candidates []Candidate, log *progress.Log) (Result, error) {
	r := newRun(release.Activate, plan, candidates, log)
	return r.end(ctx, r.activateStaged(ctx))
}

func (r *run) activateStaged(ctx context.Context) error {
	id := r.plan.Target
	r.aim(Version{ID: id})
	r.meet(ctx, host.Question{Staged: id})
	superseded := r.readNotes(ctx, id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	if superseded != "" {
		r.outcome.Became, r.outcome.Notice = BecameSuperseded, superseded
		return nil
	}
	r.hosts.healthy().repair(ctx)
	r.verifyAll(ctx, id)
	if err := r.stopIfTooManyFailed(ctx); err != nil {
		return err
	}
	return r.activateAndPrune(ctx)
}

// readNotes reads the notes of the run that staged the release. It returns why
// the release must not be activated, or "". That run left the same note on all
// hosts. A host with another one is refused, since one host must not decide for
// all.
func (r *run) readNotes(ctx context.Context, id release.ID) (superseded string) {
	notes := map[release.Staged]fleet{}
	for _, m := range r.hosts.healthy() {
		staged, err := r.plan.expected(m.Seen())
		if err != nil {
			r.refuse(m, host.As(ctx, host.Changed, err))
			continue
		}
		staged.Digest = cmp.Or(staged.Digest, m.Seen().Digest)
		staged.Key, staged.From, staged.FromEnv = "", "", "" // each host has its own
		notes[staged] = append(notes[staged], m)
	}
	note := r.agreed(ctx, notes)
	r.aim(Version{id, note.Version, note.Revision, note.Ref})
	r.plan.Force, r.outcome.Digest = note.Forced, note.Digest
	return note.Superseded
}

// agreed returns the note that most hosts have. It refuses the others, or all in
// a tie.
func (r *run) agreed(ctx context.Context, notes map[release.Staged]fleet) (agreed release.Staged) {
	most, tie := 0, false
	for note, hosts := range notes {
		if len(hosts) >= most {
			agreed, tie, most = note, len(hosts) == most, len(hosts)
		}
	}
	all := r.hosts.healthy()
	for note, hosts := range notes {
		if note == agreed && !tie {
			continue
		}
		others := all.only(func(m *member) bool { return !slices.Contains(hosts, m) })
		for _, m := range hosts {
			r.refuse(m, host.As(ctx, host.Changed, fmt.Errorf("the staging note here is not that of %s: stage the release again", others.names())))
		}
	}
	return agreed
}

// verifyAll checks that the staged release is still the one that was built.
func (r *run) verifyAll(ctx context.Context, id release.ID) {
	each(r.hosts.healthy(), func(m *member) {
		if err := m.Verify(ctx, id); err != nil {
			r.refuse(m, host.As(ctx, host.Incomplete, err))
		}
	})
}

// expected compares the current release with the expected one: the one in the
// plan, or else the one that the run that staged the release saw. A host that
// already runs the release is fine.
func (p Plan) expected(seen host.Seen) (release.Staged, error) {
	now, id, given := seen.Settled(), p.Target, p.Expect
	if seen.Staged == "" {
		return release.Staged{}, fmt.Errorf("release %s was not staged here: run stage first", id)
	}
	staged, err := release.ParseStaged(seen.Staged, id)
	if err != nil {
		return staged, errors.Join(err, errors.New("run stage again"))
	}
	if staged.Superseded == "" { // otherwise it was not sent
		err = p.sameContents(seen.Digest, staged.Digest)
	}
	switch {
	case err != nil:
		return staged, err
	case now.ID == id:
	case given.Given && now.ID != given.ID:
		return staged, fmt.Errorf("current is %s, and %s is expected: something else was deployed; nothing was changed here", now, words.OrNothing(given.ID))
	case !given.Given && now != staged.Source():
		return staged, fmt.Errorf("current is %s, and was %s when %s was staged: something else was deployed since then; stage it again", now, staged.Source(), id)
	}
	return staged, nil
}

// sameContents compares the digest of the release on a host with that of the release
// that was staged there, which an earlier Slipway did not note, and with the one in
// the plan.
func (p Plan) sameContents(has, staged release.Digest) error {
	switch {
	case staged != "" && has != staged:
		return fmt.Errorf("release %s here is not the one that was staged (digest %s, and %s was staged): stage it again", p.Target, has.Short(), staged.Short())
	case p.Digest != "" && has != p.Digest:
		return fmt.Errorf("release %s here is not the one that is to be activated (digest %s, and %s is asked for): another build server or user has built it; build again, and stage that", p.Target, has.Short(), p.Digest.Short())
	}
	return nil
}
