package report_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// way is a way to fail, and what a person reads then.
type way struct {
	run   run
	fault hosttest.Fault                  // on web2; zero: none
	set   func(f *fleet, p *rollout.Plan) // nil: nothing
	begin func(t *testing.T) (_ *fleet)   // nil: two releases ran, and a third one is staged
	line  string                          // in the last line
	says  []string                        // in the advice
	not   []string                        // not in the advice
}

const repeat = "run the same again"

var ways = map[string]way{
	"a lock that is not free": {
		run: deployOf(3), set: busy, line: "web2: held by another run",
		says: []string{"Every host runs what it ran before.", "Another run is changing web2", "when it has ended, " + repeat},
	},
	"a lock that is waited for in vain": {
		run: deployOf(3), set: waiting, line: "web2: held by another run",
		says: []string{"Another run is changing web2", repeat},
	},
	"a host that is not ready, whose lock is not free": {
		run: deployOf(3), set: func(f *fleet, p *rollout.Plan) { busy(f, p); unfit(f, p) }, line: "web2: held by another run",
		says: []string{"Fix that on web2"}, not: []string{"when it has ended"},
	},
	"two names of one machine": {
		run: deployOf(3), set: func(f *fleet, _ *rollout.Plan) { f.machines[1] = f.machines[0] },
		line: "this is the same machine and directory as web1: name it once",
		says: []string{"Remove one of its two names from the setting hosts"}, not: []string{"Another run"},
	},
	"a host that cannot be reached": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepConnect, How: hosttest.Fails}, line: "web2: connect fails",
		says: []string{"Nothing was changed on web2, and what runs there is not known.", "What ran before still runs on web1, web3.", "Make sure that web2 can be reached"},
		not:  []string{"Every host runs"},
	},
	"a host that hangs": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepStage, How: hosttest.Hangs}, line: "web2: no answer for 10m0s (step stage)",
		says: []string{"Log in to web2 and find what hangs"},
	},
	"a host that is not ready": {
		run: deployOf(3), set: unfit, line: "web2: the unit is missing", says: []string{"Fix that on web2, then " + repeat},
	},
	"a dry run": {
		run: deployOf(3), set: func(f *fleet, p *rollout.Plan) { p.DryRun = true; unfit(f, p) }, line: "web2: the unit is missing",
		says: []string{"Fix that on web2, then repeat the dry run"}, not: []string{repeat},
	},
	"a dry run of a rollback": {
		run: rollback, set: func(f *fleet, p *rollout.Plan) { p.DryRun = true; p.Target = id(8) }, line: "release " + string(id(8)) + " is not on this host",
		says: []string{"Roll back to a release that these hosts have"}, not: []string{repeat},
	},
	"a release that does not work": {
		run: deployOf(3), set: bad(3), line: "web1: it does not run: it answers 503",
		says: []string{"Every host runs what it ran before.", "The same release would fail again, unless the cause was on web1: fix the application"}, not: []string{repeat, "web2"},
	},
	"a rollback to what does not work": {
		run: rollback, set: bad(1), line: "web1, web2, web3: it does not run: it answers 503",
		says: []string{"roll back to another release by its release-id"}, not: []string{repeat},
	},
	"another release with the same ID": {
		run: deployOf(3), set: func(f *fleet, _ *rollout.Plan) { f.machines[1].Replace(id(3), "other") }, line: "web2: release " + string(id(3)) + " is on this host with other contents",
		says: []string{"Build the release again"}, not: []string{repeat},
	},
	"a release that was rolled back": {
		run: deployOf(2), begin: rolledBack, line: "was rolled back", says: []string{"Deploy another revision, or use force"}, not: []string{repeat},
	},
	"a cancel": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepProve, Took: time.Hour}, set: cancelled, line: " was cancelled: web2: the run was cancelled",
		says: []string{"there is nothing to fix: to go on, " + repeat}, not: []string{"Fix that"},
	},
	"commands that fail": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepBefore, How: hosttest.Fails}, line: "web2: before-activate fails",
		says: []string{"The same commands would fail again"}, not: []string{repeat},
	},
	"going back that fails": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepGoBack, How: hosttest.Fails}, set: bad(3, 1), line: "web2: ",
		says: []string{"Log in to web2: it is not known whether what runs there works."}, not: []string{"Every host runs"},
	},
	"a history that cannot be written": {
		run: deployOf(3), fault: hosttest.Fault{Step: hosttest.StepConclude, How: hosttest.Fails}, line: "web2: it runs the new release, but its history could not be written",
		says: []string{string(id(3)) + " is on 3 of 3 hosts.", "Fix that on web2, then " + repeat}, not: []string{"Log in", "Every host"},
	},
	"nothing to roll back to": {
		run: rollback, begin: func(*testing.T) *fleet { return newFleet(3) }, line: "there is nothing to roll back to",
		says: []string{"Every host runs what it ran before."}, not: []string{repeat},
	},
	"a release that was not staged": {
		run: activate, begin: func(*testing.T) *fleet { return newFleet(3) }, line: "was not staged here",
		says: []string{"Stage the release again, then activate it."}, not: []string{repeat},
	},
	"a rollback that reached some": {
		run: rollback, fault: hosttest.Fault{Step: hosttest.StepConnect, How: hosttest.Fails}, line: "web2: connect fails",
		says: []string{string(id(1)) + " is on 2 of 3 hosts.", "roll back to release-id " + string(id(1)) + ": without it"}, not: []string{repeat},
	},
}

func busy(f *fleet, _ *rollout.Plan) { f.other = hosttest.New(f.machines[1], nil) }

func waiting(f *fleet, p *rollout.Plan) {
	busy(f, p)
	p.WaitForLock = 10 * time.Minute
}

func unfit(f *fleet, _ *rollout.Plan) { f.machines[1].Findings = errors.New("the unit is missing") }

// bad makes a release one that does not work, on all hosts or all but some.
func bad(n int, but ...int) func(*fleet, *rollout.Plan) {
	return func(f *fleet, _ *rollout.Plan) {
		for i, m := range f.machines {
			if !slices.Contains(but, i+1) {
				m.Bad[id(n)] = "it answers 503"
			}
		}
	}
}

func cancelled(f *fleet, _ *rollout.Plan) { f.cancelAfter = time.Minute }

func rolledBack(t *testing.T) *fleet {
	f := ready(t, 3)
	if _, err := rollback(t.Context(), f, plan()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAdviceFitsTheKindOfFailure(t *testing.T) {
	t.Parallel()
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { w.check(t) })
		})
	}
}

func (w way) check(t *testing.T) {
	f, p := w.fleet(t), plan()
	if w.fault.Step != "" {
		f.faults["web2"] = w.fault
	}
	if w.set != nil {
		w.set(f, &p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if f.cancelAfter > 0 {
		time.AfterFunc(f.cancelAfter, cancel)
	}
	if f.other != nil {
		must(t, f.other.Lock(t.Context(), 0))
	}
	r, err := w.run(ctx, f, p)
	if err == nil {
		t.Fatal("it did not fail")
	}
	readAsAPerson(t, t.Name(), r, err)
	got := report.Rollout{Result: r, Ended: report.Ended{Err: err}}
	if line := got.Problem(); !strings.Contains(line, w.line) {
		t.Errorf("the last line %q does not say %q", line, w.line)
	}
	_, advice, _ := strings.Cut(got.Text(), "What now: ")
	for _, text := range w.says {
		if !strings.Contains(advice, text) {
			t.Errorf("the advice %q does not say %q", advice, text)
		}
	}
	for _, text := range w.not {
		if strings.Contains(advice, text) {
			t.Errorf("the advice %q says %q", advice, text)
		}
	}
}

func (w way) fleet(t *testing.T) *fleet {
	if w.begin != nil {
		return w.begin(t)
	}
	return ready(t, 3)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
