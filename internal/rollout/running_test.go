package rollout

import (
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

const (
	idA release.ID = "20240101T000000"
	idB release.ID = "20240102T000000"
	idC release.ID = "20240103T000000"
)

// fleetOf returns a run over hosts that ran the first release and run the
// second. A host without releases was not reached.
func fleetOf(target release.ID, hosts ...[2]release.ID) *run {
	r := &run{began: time.Now(), plan: Plan{Plan: host.Plan{Who: "cid", RunURL: "https://run/3"}}, outcome: Result{Verb: release.Deploy, Target: target, Version: "3", Revision: "ccc", Ref: "refs/heads/c"}}
	for _, ids := range hosts {
		h := &stubbed{seen: host.Seen{At: r.began}, result: host.Result{Before: ids[0], After: ids[1]}}
		h.seen.History = release.History{
			{Key: "1", Verb: release.Deploy, To: idA, Version: "1", Revision: "aaa", Ref: "refs/pull/1/merge", At: time.Unix(1, 0), Who: "ann", Outcome: release.Live},
			{Key: "2", Verb: release.Deploy, From: idA, To: idB, Version: "2", Revision: "bbb", At: time.Unix(2, 0), Who: "bob", Run: "https://run/2", Outcome: release.Live},
		}
		if ids[1] == target && ids[0] != target {
			h.seen.History = append(h.seen.History, release.Change{Key: "3", Verb: release.Deploy, From: ids[0], To: target, At: time.Unix(3, 0), Who: "cid", Outcome: release.Live})
		}
		r.hosts = append(r.hosts, &member{Host: h})
	}
	return r
}

func unseen(r *run, more int) *run {
	for range more {
		r.hosts = append(r.hosts, stub("unseen"))
	}
	return r
}

func TestWhatMostHostsRan(t *testing.T) {
	type ids = [2]release.ID
	for name, c := range map[string]struct {
		run      *run
		previous release.ID
		running  release.ID
		hosts    int
		before   release.ID
	}{
		"a deploy":                          {fleetOf(idC, ids{idB, idC}, ids{idB, idC}), idB, idC, 2, idB},
		"a first deploy":                    {fleetOf(idC, ids{"", idC}), "", idC, 1, ""},
		"most":                              {fleetOf(idC, ids{idB, idC}, ids{idA, idC}, ids{idA, idC}), idA, idC, 3, idA},
		"a tie: the newest":                 {fleetOf(idC, ids{idB, idC}, ids{idA, idC}), idB, idC, 2, idB},
		"a tie with nothing":                {fleetOf(idC, ids{"", idC}, ids{idA, idC}), idA, idC, 2, idA},
		"some stay":                         {fleetOf(idC, ids{idB, idC}, ids{idB, idC}, ids{idB, idB}), idB, idC, 2, idB},
		"all went back":                     {fleetOf(idC, ids{idB, idB}, ids{idB, idB}), idB, idB, 2, idA},
		"the same again":                    {fleetOf(idB, ids{idB, idB}), idB, idB, 1, idA},
		"most could not be reached":         {unseen(fleetOf(idC, ids{idB, idC}), 5), idB, idC, 1, idB},
		"none could be reached":             {unseen(fleetOf(idC), 2), "", "", 0, ""},
		"a rollback, of which one is there": {fleetOf(idA, ids{idB, idA}, ids{idA, idA}, ids{idB, idA}), idB, idA, 3, idB},
	} {
		previous, now := c.run.previous(), c.run.running()
		if previous.ID != c.previous || now.ID != c.running || now.Hosts != c.hosts || now.Before.ID != c.before {
			t.Errorf("%s: before %+v, now %+v", name, previous, now)
		}
	}
}

func TestWhatIsKnownOfAReleaseThatRuns(t *testing.T) {
	now := fleetOf(idC, [2]release.ID{idB, idC}).running()
	if want := (Version{idC, "3", "ccc", "refs/heads/c"}); now.Version != want || now.Who != "cid" || time.Since(now.Since) > time.Minute {
		t.Errorf("of this run's: %+v", now)
	}
	if want := (Version{idB, "2", "bbb", ""}); now.Before != want {
		t.Errorf("of the one before: %+v", now.Before)
	}
	// A host that already ran the release has it in its history from earlier,
	// and says nothing about this run.
	now = fleetOf(idA, [2]release.ID{idA, idA}, [2]release.ID{idB, idA}, [2]release.ID{idB, idA}).running()
	if now.ID != idA || now.Who != "cid" || now.Run != "https://run/3" || now.Before.ID != idB {
		t.Errorf("of a rollback: %+v", now)
	}
	now = fleetOf(idB, [2]release.ID{idB, idB}).running()
	if now.Who != "bob" || now.Run != "https://run/2" || !now.Since.Equal(time.Unix(2, 0)) || now.Before != (Version{idA, "1", "aaa", "refs/pull/1/merge"}) {
		t.Errorf("of an earlier run's: %+v", now)
	}
}

// One host that describes a release in another way does not decide what is said
// about it.
func TestAReleaseIsDescribedAsMostHostsDoIt(t *testing.T) {
	t.Parallel()
	says := func(revision string) *member {
		h := &stubbed{}
		if revision != "" {
			h.seen.History = release.History{{Key: revision, Verb: release.Deploy, To: idA, Revision: revision, Who: "who " + revision, Outcome: release.Live}}
		}
		return &member{Host: h}
	}
	for name, c := range map[string]struct {
		hosts fleet
		want  string
	}{
		"the odd one first": {fleet{says("x"), says("aaa"), says("aaa")}, "aaa"},
		"the odd one last":  {fleet{says("aaa"), says("aaa"), says("x")}, "aaa"},
		"a tie: the first":  {fleet{says(""), says("x"), says("aaa")}, "x"},
		"one knows it":      {fleet{says(""), says(""), says("aaa")}, "aaa"},
		"none knows it":     {fleet{says(""), says("")}, ""},
	} {
		got, made := c.hosts.described(idA), c.hosts.known(idA)
		if got != (Version{ID: idA, Revision: c.want}) || c.want != "" && made.Who != "who "+c.want {
			t.Errorf("%s: %+v, made by %+v", name, got, made)
		}
	}
}
