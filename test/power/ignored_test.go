package power

import (
	"maps"
	"path"
	"slices"
	"testing"
)

// ignoring is syncs of one step that do nothing, and a cut where that hurts.
type ignoring struct {
	step     string
	commands []string // as path.Match has them
	how      how
	soon     int // points after the first of them
	separate bool
	cycles   int  // that go well before
	bare     bool // releases without environments
}

// has reports whether a command is one of those that do nothing.
func (c ignoring) has(step, command string) bool {
	return step == c.step && slices.ContainsFunc(c.commands, func(pattern string) bool {
		matches, err := path.Match(pattern, command)
		return err == nil && matches
	})
}

// missed has all syncs of the scripts. The one of the record syncs its name, too: that
// makes no difference on ext4, which keeps new names and renames in their order; others
// need not.
var missed = map[string]ignoring{
	"a release":        {step: "stage", commands: []string{"sync -f BASE/releases/* BASE/.slipway/releases/*"}, how: logFlush, soon: 2},
	"its name":         {step: "stage", commands: []string{"sync -f BASE/releases/* BASE/.slipway/releases/*"}, how: noFlush, soon: 1},
	"lists elsewhere":  {step: "stage", commands: []string{"sync -f BASE/releases/* BASE/.slipway/releases/*"}, how: logFlush, soon: 2, separate: true},
	"environment":      {step: "prepare", commands: []string{"sync -f BASE/activations/*"}, how: logFlush, soon: 1},
	"launcher":         {step: "prepare", commands: []string{"sync BASE/launch.new"}, how: logFlush, soon: 2},
	"name of launcher": {step: "prepare", commands: []string{"sync BASE"}, how: noFlush, soon: 1, bare: true},
	"record":           {step: "activate", commands: []string{"sync BASE/.slipway/change BASE/.slipway"}, how: logFlush, soon: 8},
	"link":             {step: "activate", commands: []string{"sync BASE"}, how: noFlush, soon: 3},
	"history":          {step: "conclude", commands: []string{"sync BASE/.slipway/history.jsonl"}, how: logFlush, soon: 2},
	"pruned releases":  {step: "prune", commands: []string{"sync -f BASE/releases"}, how: apart, soon: 2, separate: true, cycles: 4},
}

// TestEverySyncIsMissed: without it a cut leaves what the checks find.
func TestEverySyncIsMissed(t *testing.T) {
	w := newWorkshop(t, 1)
	for command, step := range w.syncs {
		if step == "go back" {
			step = "activate" // that is the script of both
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(missed)), func(c ignoring) bool { return c.has(step, command) }) {
			t.Errorf("nobody looks whether %q of %s is missed", command, step)
		}
	}
	for name, c := range missed {
		t.Run(name, func(t *testing.T) {
			// A cycle need not come to the step, or to what makes it write.
			for range 6 {
				if err := w.ignore(c); err != nil {
					t.Logf("found: %v", err)
					return
				}
			}
			t.Error("nothing is found without it")
		})
	}
}

// ignore looks at what is left after a cut on a host that has ignored syncs.
func (w *workshop) ignore(c ignoring) error {
	r := w.open(c.separate)
	defer w.close(r)
	r.bare = c.bare
	for range c.cycles {
		r.arm(plan{})
		w.Must(r.cycle())
	}
	r.soon = c.soon
	r.ignored = func(step, command string) bool { return c.has(step, r.relative(command)) }
	_, err := w.try(r, plan{how: c.how})
	return err
}
