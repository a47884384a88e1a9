package chaos

import (
	"fmt"
	"slices"
	"strings"
)

// coverage is which faults came at which steps of which scenarios.
type coverage struct {
	hit map[string]bool // SCENARIO STEP WHEN FAULT
}

func (c *coverage) note(o outcome) {
	if !o.fired || o.trial.point.command != "" || o.trial.point.way != "" {
		return
	}
	if c.hit == nil {
		c.hit = map[string]bool{}
	}
	c.hit[place(o.trial.scenario.name, o.trial.point.step, o.trial.point.when, o.trial.fault)] = true
}

func place(scenario, step string, w when, f fault) string {
	return strings.Join([]string{scenario, step, string(w), string(f)}, " ")
}

// table shows, for each step, which faults it had: b before it, a after it.
func (c *coverage) table(recordings []recording) (text string, missing []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s %-16s", "", "")
	columns := slices.Concat(wire, still)
	for _, f := range columns {
		fmt.Fprintf(&b, "%12s", f)
	}
	for _, r := range recordings {
		if r.scenario.kind == beam {
			continue
		}
		for _, step := range r.certain() {
			fmt.Fprintf(&b, "\n%-10s %-16s", r.scenario.name, step)
			for _, f := range columns {
				cell := ""
				for _, w := range []when{before, after} {
					at := place(r.scenario.name, step, w, f)
					switch {
					case slices.Contains(still, f) && !mayFreeze(step):
						cell += "-"
					case c.hit[at]:
						cell += string(w[0])
					default:
						missing = append(missing, at)
						cell += "."
					}
				}
				fmt.Fprintf(&b, "%12s", cell)
			}
		}
	}
	slices.Sort(missing)
	return b.String() + "\n", missing
}
