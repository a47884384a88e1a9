package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// outcome is what became of a case.
type outcome struct {
	trial trial
	fired bool
	wrong []string
	log   string // everything that was said, for a case that failed
	took  time.Duration
}

// try runs one case on hosts that nobody else uses.
func try(ctx context.Context, machines []*machine, c trial) outcome {
	began := time.Now()
	o := outcome{trial: c}
	var out findings
	if err := o.try(ctx, machines, &out); err != nil {
		out.add("the harness: %v", err)
	}
	o.wrong, o.took = out.list, time.Since(began)
	return o
}

func (o *outcome) try(ctx context.Context, machines []*machine, out *findings) error {
	s := o.trial.scenario
	if err := each(machines, func(m *machine) error { return m.restore(s.kind, s.snapshot()) }); err != nil {
		return err
	}
	first, err := start(ctx, machines, o.trial, false, firstWords(s)...)
	if err != nil {
		return err
	}
	if o.trial.freezes() {
		return o.overtake(ctx, first, out)
	}
	seen, pending, err := first.judge(out)
	o.note("first run", first, seen)
	o.fired = first.fired
	if err != nil {
		return err
	}
	again := *s
	again.spoilt = false // a release that does not work never will: the next one has to
	second, err := start(ctx, machines, trial{scenario: &again}, false, againWords(&again, seen)...)
	if err != nil {
		return err
	}
	seen, err = second.mustWork(out, pending)
	o.note("second run", second, seen)
	return err
}

// firstWords are the arguments of the run in which something goes wrong.
func firstWords(s *scenario) []string {
	if s.verb == "rollback" {
		return nil
	}
	return []string{"--release-id", s.next()}
}

// againWords are those of the same run again. A rollback that was finished, and
// could not say so, is named: else it would be the next one.
func againWords(s *scenario, seen []facts) []string {
	if s.verb == "deploy" {
		return firstWords(s)
	}
	for _, f := range seen {
		top := f.stack()
		finished := !s.dead && !f.pending() && slices.Equal(top, s.result())
		repaired := s.dead && !f.pending()
		if finished || repaired {
			return []string{"--release-id", s.next()}
		}
	}
	return nil
}

// judge waits for the end of the run and checks what it left.
func (a *attempt) judge(out *findings) (seen []facts, pending int, err error) {
	defer a.leave()
	if err := a.wait(); err != nil {
		out.add("%v", err)
	}
	a.mend() // while it goes on, a host cannot come to rest
	for i, m := range a.machines {
		if _, err := a.calm(out, i); err != nil {
			a.close()
			return seen, 0, err
		}
		f, err := m.facts(a.scenario.kind, false)
		if err != nil {
			a.close()
			return seen, 0, err
		}
		if a.trial.fault != "" {
			a.held(out, m, f, i == a.trial.point.host)
		}
		if f.pending() {
			pending++
		}
		seen = append(seen, f)
	}
	a.close()
	return seen, pending, nil
}

// mustWork waits for the end of a run in which nothing goes wrong.
func (a *attempt) mustWork(out *findings, pending int) ([]facts, error) {
	seen, _, err := a.judge(out)
	if err != nil {
		return seen, err
	}
	if a.code() != 0 {
		out.add("promise 5: the same again: exit %d", a.code())
		return seen, nil
	}
	a.says(out, pending)
	for i, m := range a.machines {
		a.clean(out, m, seen[i])
	}
	return seen, nil
}

func (o *outcome) note(what string, a *attempt, seen []facts) {
	o.log += fmt.Sprintf("--- %s: exit %d after %.1f s; the fault came after %.1f s (%v)\n%s", what, a.code(), a.ended.Sub(a.began).Seconds(), a.at.Sub(a.began).Seconds(), a.fired, a.output.String())
	for i, f := range seen {
		o.log += fmt.Sprintf("--- %s then:\n%s", a.machines[i].Name, f.text)
	}
}

// each does the same on several machines at once.
func each(machines []*machine, do func(*machine) error) error {
	errs := make(chan error)
	for _, m := range machines {
		go func() { errs <- do(m) }()
	}
	var first error
	for range machines {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
