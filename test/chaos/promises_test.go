package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// How long a host may take for what it has to do by itself.
const (
	lockAtOnce  = 20 * time.Second // of which 19 are a busy machine's
	lockSilent  = 45 * time.Second // 30 s after the last heartbeat, which may come 10 s late
	agreeWithin = 40 * time.Second
)

// findings are the promises that were not kept.
type findings struct{ list []string }

func (f *findings) add(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

// calm waits, after the end of a run, until a host has come to rest: its lock is
// free, no script runs, and it runs what current says.
func (a *attempt) calm(out *findings, host int) (facts, error) {
	m, k := a.machines[host], a.scenario.kind
	limit := a.ended.Add(lockAtOnce)
	if a.trial.fault == stall && host == a.trial.point.host && a.at.Add(lockSilent).After(limit) {
		limit = a.at.Add(lockSilent)
	}
	f, err := until(limit, func() (facts, bool, error) {
		f, err := m.facts(k, true)
		return f, len(f.held) == 0, err
	})
	if err != nil {
		return f, err
	}
	if len(f.held) > 0 {
		out.add("promise 4: %s: %.0f s after the run ended, %.0f s after the fault, a lock is held: %s", m.Name, time.Since(a.ended).Seconds(), time.Since(a.at).Seconds(), f.held)
	}
	a.proxies[host].end()
	f, err = until(time.Now().Add(agreeWithin), func() (facts, bool, error) {
		f, err := m.facts(k, true)
		return f, len(f.processes) == 0 && (a.agrees(f) || a.trial.scripted()), err
	})
	if err == nil && len(f.processes) > 0 {
		out.add("promise 4: %s: these still run: %q", m.Name, f.processes)
	}
	return f, err
}

// agrees: the host runs what current says. If that is a release that ends at
// once, and the run could not come back to it, systemd has tried. If sudo lets
// nobody restart what a dead run has left, current leads to what was proved.
func (a *attempt) agrees(f facts) bool {
	k, s := a.scenario.kind, a.scenario
	tried := s.spoilt && a.trial.severed() && f.current == k.bad && f.pending()
	refused := s.dead && a.trial.fault == noSudo && a.code() != 0 && f.pending() && f.current == k.ids[2] && f.running == k.ids[3]
	return f.agrees() || tried || refused
}

// until asks until the answer is good or the time is up.
func until(limit time.Time, ask func() (facts, bool, error)) (facts, error) {
	for {
		f, good, err := ask()
		if err != nil || good || time.Now().After(limit) {
			return f, err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// held checks the promises 1 to 3 on a host, after a run in which something may
// have gone wrong.
func (a *attempt) held(out *findings, m *machine, f facts, hit bool) {
	s := a.scenario
	a.whole(out, m, f)
	if !a.agrees(f) && !(hit && a.trial.scripted() && f.change != "") {
		out.add("promise 2: %s: current is %q and %q runs (%s)", m.Name, f.current, f.running, f.active)
	}
	old := ""
	if before := s.before(); len(before) > 0 {
		old = before[len(before)-1]
	}
	switch {
	case a.code() == 0 && !slices.Equal(f.stack(), s.result()):
		out.add("%s: the run said that it succeeded, and the history is %s", m.Name, f.stack())
	case a.code() == 0 && (f.current != s.next() || f.change != ""):
		out.add("%s: the run said that it succeeded, and current is %q, with the change record %q", m.Name, f.current, f.change)
	case a.code() == 0 || hit && a.trial.severed() || f.pending():
	case s.hosts == 1 && f.current != old && !slices.Equal(f.stack(), s.result()):
		out.add("promise 2: %s: the run lived and failed, and left %q instead of %q", m.Name, f.current, old)
	}
	if a.code() != 0 && a.trial.unit() && (f.current != old || f.change != "") && s.verb == "deploy" {
		out.add("promise 2: %s: the release failed, and %q is current instead of %q (change record: %q)", m.Name, f.current, old, f.change)
	}
}

// whole checks that what is live, or was, is complete.
func (a *attempt) whole(out *findings, m *machine, f facts) {
	s := a.scenario
	if len(f.bad) > 0 {
		out.add("promise 1: %s: releases that are not what was built: %s", m.Name, f.bad)
	}
	switch {
	case f.link == "" && s.start != none:
		out.add("promise 1: %s: there is no current", m.Name)
	case f.link != "" && f.good[f.current] == 0:
		out.add("promise 1: %s: current is %s, which is no complete release", m.Name, f.link)
	}
	for id, n := range f.good {
		if n != s.kind.files[id] {
			out.add("promise 1: %s: %s has %d entries, and %d were built", m.Name, id, n, s.kind.files[id])
		}
	}
	if len(f.torn) > 0 {
		out.add("%s: these lines of the history are none: %q", m.Name, f.torn)
	}
	stack, deep := f.history.Stack(), 2
	if a.trial.fault == frozenBack {
		deep = 1 // the deploy may have pruned what is below what it replaced
	}
	for _, kept := range stack[max(0, len(stack)-deep):] {
		if f.good[string(kept.ID)] == 0 || kept.Env != "" && !slices.Contains(f.activations, kept.Env) {
			out.add("promise 3: %s: %s is running or one below it, and it is not there", m.Name, kept)
		}
	}
	if f.running != "" && f.good[f.running] == 0 {
		out.add("promise 3: %s: the running release %s is not there", m.Name, f.running)
	}
}

// clean checks what the same run again has to leave.
func (a *attempt) clean(out *findings, m *machine, f facts) {
	s := a.scenario
	a.whole(out, m, f)
	want := s.result()
	if got := f.stack(); !slices.Equal(got, want) {
		out.add("promise 5: %s: the history is %s, want %s", m.Name, got, want)
	}
	if top := want[len(want)-1]; f.current != top || !f.agrees() {
		out.add("promise 5: %s: current is %q and %q runs (%s), want %s", m.Name, f.current, f.running, f.active, top)
	}
	if len(f.left) > 0 || f.change != "" {
		out.add("promise 5: %s: left over: %s %s", m.Name, f.left, f.change)
	}
	if s.verb == "deploy" && len(f.good) != min(2, len(want)) {
		out.add("promise 5: %s: %d releases are there: %v", m.Name, len(f.good), f.good)
	}
	for i, c := range f.history {
		if i > 0 && f.history[i-1].Key == c.Key {
			out.add("promise 5: %s: change %s is in the history twice", m.Name, c.Key)
		}
	}
}

// says checks that the run told of each host that it had to repair.
func (a *attempt) says(out *findings, pending int) {
	if got := strings.Count(a.output.String(), "repaired: a run of"); got != pending {
		out.add("promise 2: %d hosts had a change record, and the next run tells of %d", pending, got)
	}
}
