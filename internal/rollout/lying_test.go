package rollout_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// forged is a revision that no release has. It is newer than all others.
var forged = strings.Repeat("f", 40)

// impossible is the change record of a run that cannot have been: the history
// knows nothing of what it starts from.
func impossible(s *host.Seen) {
	s.Change = &release.Change{Key: "lie", Verb: release.Rollback, From: id(900), To: id(1)}
	if _, known := s.History.Current(); !known {
		s.Change = nil // any record would be possible
	}
}

// newest is a host that claims to run a release that nobody else knows.
func newest(s *host.Seen) {
	s.Current = release.Activation{ID: id(900)}
	s.History = append(s.History, release.Change{Key: "lie", Verb: release.Deploy, To: id(900), Revision: forged, Outcome: release.Live})
}

// renamed is a host that knows all its releases by another revision.
func renamed(s *host.Seen) {
	for i := range s.History {
		s.History[i].Revision = forged
	}
}

// lie is what one host says in one run, and how things were before.
type lie struct {
	*tale
	liar   *hosttest.Machine // nil: all hosts say the truth
	kind   string
	before map[string]hosttest.State
	faulty map[string]bool // hosts with a fault in this run
}

// lie makes one host say something untrue in the next run, sometimes.
func (s *tale) lie() *lie {
	l := &lie{tale: s, before: map[string]hosttest.State{}, faulty: map[string]bool{}}
	if s.IntN(3) > 0 {
		return l
	}
	kinds := map[string]func(*host.Seen){"impossible": impossible, "newest": newest, "renamed": renamed}
	l.kind = []string{"impossible", "newest", "renamed"}[s.IntN(3)]
	l.liar = s.machines[s.IntN(len(s.machines))]
	for _, m := range s.machines {
		l.before[m.Name], l.faulty[m.Name] = m.State(), len(s.faults[m.Name]) > 0
	}
	l.liar.Lie = kinds[l.kind]
	s.tell("  %s lies: %s", l.liar.Name, l.kind)
	return l
}

// end brings the liar back to how it was before the run: what was done there was
// done because of a lie.
func (l *lie) end() {
	if l.liar != nil {
		l.liar.Lie = nil
		l.liar.Restore(l.before[l.liar.Name])
	}
}

// believedByNobody checks that the lie has changed nothing on other hosts.
func (l *lie) believedByNobody(verb string, r rollout.Result) {
	if l.liar == nil {
		return
	}
	was, now := l.before[l.liar.Name], l.liar.State()
	now.Locked = was.Locked
	_, ran := was.History.Current()
	if l.kind == "impossible" && ran && !reflect.DeepEqual(was, now) {
		l.Errorf("%s was changed: before %+v, now %+v", l.liar.Name, was, now)
	}
	if verb == "deploy" && r.Became == rollout.BecameSuperseded && l.witnesses() > 0 && !l.killed.Load() && l.over == "" {
		l.Errorf("%s alone supersedes the deploy", l.liar.Name)
	}
	for _, m := range l.machines {
		for _, c := range m.State().History {
			if _, knew := l.before[m.Name].History.Find(c.To); m != l.liar && knew && c.Revision == forged {
				l.Errorf("%s has written down a lie of %s: %+v", m.Name, l.liar.Name, c)
			}
		}
	}
}

// witnesses counts the other hosts that had run something and have no fault.
func (l *lie) witnesses() (n int) {
	for _, m := range l.machines {
		_, ran := l.before[m.Name].History.Current()
		if m != l.liar && ran && !l.faulty[m.Name] {
			n++
		}
	}
	return n
}

func TestAnImpossibleRecordMakesItsHostRedAlone(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.live(2)
		liar := f.machines[1]
		liar.Lie = impossible
		before := liar.State()
		_, err := f.deploy(f.Context(), 3, plan())
		f.fails(err, "nothing was switched on any host", "web2: the change record says that "+string(id(900))+" was current")
		f.runs(2)
		r, err := f.deploy(f.Context(), 3, plan(mayFail(1)))
		if err != nil || r.Became != rollout.BecamePartial {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.runs(3, 2, 3)
		r, err = f.rollback(f.Context(), plan())
		f.fails(err, "web2: the change record says")
		f.outcomes(r, host.Live, host.Untouched, host.Live)
		f.runs(2)
		if !reflect.DeepEqual(liar.State(), before) {
			f.Errorf("web2 was changed: %+v", liar.State())
		}
	})
}

func TestOneHostThatClaimsToBeNewerDoesNotStopTheOthers(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.machines[0].Lie = newest
		r, err := f.deploy(f.Context(), 2, plan(mayFail(1)))
		if r.Became == rollout.BecameSuperseded {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.says("no other host ever ran that, so it does not count: it is deployed")
	})
}

func TestNoHostWritesDownWhatAnotherSays(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		f.live(2)
		f.machines[0].Lie = renamed
		if _, err := f.rollback(f.Context(), plan()); err != nil {
			f.Error(err)
		}
		history := f.machines[1].State().History
		if c := history[len(history)-1]; c.Verb != release.Rollback || c.Revision != revision(1) {
			f.Errorf("%+v", c)
		}
	})
}

// noted is a host whose staging note says that something newer runs.
func noted(s *host.Seen) {
	s.Staged = strings.Replace(s.Staged, `"version":`, `"superseded":"a lie","version":`, 1)
}

func TestOneStagingNoteDoesNotDecideForAll(t *testing.T) {
	stage := func(f *fleet) {
		f.live(1)
		if _, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(2), f.logTo()); err != nil {
			f.Fatal(err)
		}
	}
	over(t, 3, func(f *fleet) {
		stage(f)
		f.machines[1].Lie = noted
		_, err := rollout.Activate(f.Context(), plan(to(id(2))), f.candidates(), f.logTo())
		f.fails(err, "web2: the staging note here is not that of web1, web3: stage the release again")
		f.runs(1)
		r, err := rollout.Activate(f.Context(), plan(to(id(2)), mayFail(1)), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecamePartial || r.Version != "0.2.0" {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.runs(2, 1, 2)
	})
	over(t, 2, func(f *fleet) {
		stage(f)
		f.machines[0].Lie = noted
		_, err := rollout.Activate(f.Context(), plan(to(id(2)), mayFail(1)), f.candidates(), f.logTo())
		f.fails(err, "web1: the staging note here is not that of web2", "web2: the staging note here is not that of web1")
		f.runs(1)
	})
}
