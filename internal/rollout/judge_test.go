package rollout

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// artifact is a release whose revision has the same relation to all others.
type artifact struct {
	m        release.Manifest
	relation release.Relation
	tip      bool
	tipErr   error
	asked    *int // how often the repository was asked for its tip; nil: not counted
}

func (a artifact) IsTip(context.Context) (bool, error) {
	if a.asked != nil {
		*a.asked++
	}
	return a.tip, a.tipErr
}

func (a artifact) Manifest() release.Manifest                                    { return a.m }
func (a artifact) Export(context.Context, release.ID, []string, io.Writer) error { return nil }

func (a artifact) Earlier(context.Context, release.ID, release.Digest) (release.Manifest, error) {
	return release.Manifest{}, nil
}

func (a artifact) Relations(_ context.Context, others []string) (map[string]release.Relation, error) {
	known := map[string]release.Relation{}
	for _, other := range others {
		known[other] = a.relation
	}
	return known, nil
}

func revision(digit string) string { return strings.Repeat(digit, 40) }

func deployed(id release.ID, digit string) release.Change {
	return release.Change{Key: string(id), At: time.Unix(0, 0), Verb: release.Deploy, To: id, Revision: revision(digit), Outcome: release.Live}
}

const (
	id1 = release.ID("20240101T000000")
	id2 = release.ID("20240102T000000")
)

func TestADeployIsJudgedByWhatTheHostRuns(t *testing.T) {
	t.Parallel()
	const id3, id4 = release.ID("20240103T000000"), release.ID("20240104T000000")
	dead := release.Change{Key: "dead", Verb: release.Deploy, From: id3, To: id4, Revision: revision("4")}
	back := release.Change{Key: "back", Verb: release.Rollback, From: id3, To: id1, Who: "ann", Outcome: release.Live}
	for name, c := range map[string]struct {
		history    release.History
		current    release.ID
		dead       *release.Change
		relation   release.Relation
		force      bool
		superseded bool
		problem    string
	}{
		"nothing runs":               {relation: release.Ancestor},
		"newer":                      {history: release.History{deployed(id1, "1")}, current: id1, relation: release.Descendant},
		"older":                      {history: release.History{deployed(id3, "3")}, current: id3, relation: release.Ancestor, superseded: true},
		"older, by force":            {history: release.History{deployed(id3, "3")}, current: id3, relation: release.Ancestor, force: true},
		"nobody knows":               {history: release.History{deployed(id3, "3")}, current: id3, relation: release.Unknown},
		"older than what comes back": {history: release.History{deployed(id3, "3")}, current: id4, dead: &dead, relation: release.Ancestor, superseded: true},
		"rolled back":                {history: release.History{deployed(id1, "1"), deployed(id2, "2"), back}, current: id1, relation: release.Descendant, problem: "rolled back"},
		"rolled back, by force":      {history: release.History{deployed(id1, "1"), deployed(id2, "2"), back}, current: id1, relation: release.Descendant, force: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &stubbed{name: "web1"}
			h.seen.History, h.seen.Current.ID, h.seen.Change = c.history, c.current, c.dead
			r := newRun(release.Deploy, Plan{Force: c.force}, []Candidate{func(*host.Run) Host { return h }}, progress.New(progress.Terminal{W: io.Discard}))
			r.aim(Version{ID: id2})
			if got := r.judge(t.Context(), artifact{m: release.Manifest{ReleaseID: id2, Revision: revision("2")}, relation: c.relation}); got != c.superseded {
				t.Errorf("superseded: %v, want %v", got, c.superseded)
			}
			if got := h.result.Problem; (got == "") != (c.problem == "") || !strings.Contains(got, c.problem) {
				t.Errorf("problem %q, want %q", got, c.problem)
			}
		})
	}
}
