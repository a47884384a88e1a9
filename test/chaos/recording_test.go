package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// recording is what a run without faults did.
type recording struct {
	scenario *scenario
	steps    []string            // with their occurrence, in their order
	commands map[string][]string // by step, likewise
	up, down int64               // bytes
}

// recorded runs a scenario without faults. Its run may fail: some are about that.
func recorded(ctx context.Context, s *scenario, m *machine) (recording, error) {
	r := recording{scenario: s, commands: map[string][]string{}}
	if err := m.restore(s.kind, s.snapshot()); err != nil {
		return r, err
	}
	a, err := start(ctx, []*machine{m}, trial{scenario: s}, true, firstWords(s)...)
	if err != nil {
		return r, err
	}
	var out findings
	if _, _, err := a.judge(&out); err != nil {
		return r, err
	}
	if want := s.spoilt; (a.code() != 0) != want || len(out.list) > 0 {
		return r, fmt.Errorf("%s without a fault: exit %d, %q\n%s", s.name, a.code(), out.list, a.output.String())
	}
	for _, p := range a.points {
		r.steps = append(r.steps, p.step)
	}
	r.up, r.down = a.proxies[0].totals["up"], a.proxies[0].totals["down"]
	trace, err := m.root("cat /var/lib/chaos/trace/all")
	r.read(trace)
	return r, err
}

func (r *recording) read(trace string) {
	counts := map[string]int{}
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		step, name, _ := strings.Cut(line, " ")
		counts[line]++
		r.commands[step] = append(r.commands[step], fmt.Sprintf("%s#%d", name, counts[line]))
	}
}

// certain are the steps that every run of the scenario comes to: how often it
// looks whether a release runs is a matter of time.
func (r *recording) certain() []string {
	return slices.DeleteFunc(slices.Clone(r.steps), func(step string) bool {
		name, n, _ := strings.Cut(step, "#")
		return name == "probe" && n != "1" && n != "2"
	})
}

// everyStep are steps of which a recording must have the name, though some of them share
// a session or had one opened ahead: no case would come to them otherwise.
var everyStep = map[string][]string{
	"deploy":   {"lock#1", "inspect#1", "stage#1", "prepare#1", "hook#1", "activate#1", "probe#1", "probe#2", "hook#2", "conclude#1", "prune#1"},
	"rollback": {"lock#1", "inspect#1", "recheck#1", "activate#1", "probe#1", "probe#2", "conclude#1"},
}

// namesEveryStep checks recordings, and that they have the commands of steps that share
// a session, and of those that do not.
func (w *hosts) namesEveryStep() {
	w.Helper()
	for name, want := range everyStep {
		r, err := recorded(w.Context(), scenarioNamed(name), w.machines[0])
		w.Must(err)
		for _, step := range want {
			if !slices.Contains(r.steps, step) {
				w.Errorf("the recording of %s has no %s: %q", name, step, r.steps)
			}
		}
		for step, command := range map[string]string{"activate#1": "mv#1", "inspect#1": "awk#1", "conclude#1": "sync#1"} {
			if !slices.Contains(r.commands[step], command) {
				w.Errorf("the recording of %s has no %s in %s: %q", name, command, step, r.commands[step])
			}
		}
	}
}
