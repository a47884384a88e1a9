package chaos

import (
	"context"
	"reflect"
	"syscall"
)

// overtake lets another run change the hosts while the first one stands still.
// What the other one has reported as done must be so after the first one has
// ended, too.
func (o *outcome) overtake(ctx context.Context, first *attempt, out *findings) error {
	defer first.leave()
	defer first.close()
	select {
	case <-first.frozen:
		o.fired = true
	case <-first.exited:
		o.note("first run", first, nil)
		return nil
	}
	other, now, err := o.other(ctx, first.machines, out)
	first.client.Process.Signal(syscall.SIGCONT)
	if err := first.wait(); err != nil {
		out.add("%v", err)
	}
	if err != nil {
		return err
	}
	then, err := first.leavesAlone(out, other, now)
	o.note("first run", first, then)
	return err
}

// other deploys or rolls back, on the hosts of a run that stands still.
func (o *outcome) other(ctx context.Context, machines []*machine, out *findings) (*attempt, []facts, error) {
	s := *o.trial.scenario
	s.spoilt, s.verb = false, "deploy"
	words := []string{"--release-id", s.kind.other}
	if o.trial.fault == frozenBack {
		s.verb, words = "rollback", nil
	}
	other, err := start(ctx, machines, trial{scenario: &s}, false, words...)
	if err != nil {
		return nil, nil, err
	}
	now, err := other.leftBy(out)
	o.note("other run", other, now)
	if other.code() == 0 && s.verb == "deploy" {
		for i, f := range now {
			if f.current != s.kind.other || !f.agrees() || f.change != "" {
				out.add("%s: the other run said that it succeeded, and %q is current, %q runs, with the change record %q", machines[i].Name, f.current, f.running, f.change)
			}
		}
	}
	if other.code() != 0 && (s.verb == "deploy" || s.start == three) {
		out.add("the other run: exit %d", other.code())
	}
	return other, now, err
}

// leftBy waits for the end of a run. The hosts need not come to rest: the run that
// stands still has its connections.
func (a *attempt) leftBy(out *findings) (seen []facts, err error) {
	defer a.leave()
	defer a.close()
	if err := a.wait(); err != nil {
		out.add("%v", err)
	}
	for _, m := range a.machines {
		f, err := m.facts(a.scenario.kind, false)
		if err != nil {
			return seen, err
		}
		seen = append(seen, f)
	}
	return seen, nil
}

// leavesAlone checks that a run has changed nothing after another one.
func (a *attempt) leavesAlone(out *findings, other *attempt, before []facts) ([]facts, error) {
	var seen []facts
	for i, m := range a.machines {
		if _, err := a.calm(out, i); err != nil {
			return seen, err
		}
		f, err := m.facts(a.scenario.kind, false)
		if err != nil {
			return seen, err
		}
		seen = append(seen, f)
		a.whole(out, m, f)
		was := before[i]
		same := f.link == was.link && f.running == was.running && f.change == was.change && reflect.DeepEqual(f.history, was.history)
		if other.code() == 0 && !same {
			out.add("%s: another run was there, and the first one has changed the host after it: current %q to %q, %q runs instead of %q, change record %q, %d lines of history instead of %d",
				m.Name, was.link, f.link, f.running, was.running, f.change, len(f.history), len(was.history))
		}
	}
	return seen, nil
}
