package main

import (
	"fmt"
	"slices"
	"time"
)

// condition is a number of hosts behind a link, and what is measured there.
type condition struct {
	Hosts int
	shape
	verbs  []verb
	tools  []string // empty: all
	rounds int
	// watched rounds come before the others.
	watched int
}

func (c condition) has(name string) bool { return len(c.tools) == 0 || slices.Contains(c.tools, name) }

// String names the condition in the log and in the results.
func (c condition) String() string {
	rate := "uncapped"
	if c.Rate > 0 {
		rate = fmt.Sprintf("%d Mbit/s", c.Rate*8/1e6)
	}
	hosts := "1 host"
	if c.Hosts > 1 {
		hosts = fmt.Sprintf("%d hosts", c.Hosts)
	}
	return fmt.Sprintf("%s, %d ms, %s", hosts, c.RTT.Milliseconds(), rate)
}

const (
	narrow = 200 * 1000 * 1000 / 8
	ms     = time.Millisecond
)

// rounds is how often each run is repeated: enough for a median.
const rounds = 5

// The conditions that bars are about.
var (
	near  = condition{Hosts: 1, verbs: verbs, rounds: rounds, watched: 1}
	far   = condition{Hosts: 1, shape: shape{50 * ms, narrow}, verbs: []verb{first, redeploy, rollback}, rounds: rounds}
	eight = condition{Hosts: 8, verbs: []verb{first, redeploy}, tools: []string{floorName, scpName, rsyncName, slipwayName}, rounds: rounds}
)

// quick is a benchmark with one round, which shows whether everything works. It
// writes no page.
const quick = "quick"

// matrix returns the conditions of a benchmark.
func matrix(kind string) ([]condition, error) {
	usual := []condition{near, far, eight}
	switch kind {
	case "":
		return usual, nil
	case quick:
		for i := range usual {
			usual[i].rounds = 1
		}
		return usual, nil
	case "full":
		var all []condition
		for _, hosts := range []int{1, 8} {
			for _, rtt := range []time.Duration{0, 50 * ms, 100 * ms} {
				for _, rate := range []int64{0, narrow} {
					c := condition{Hosts: hosts, shape: shape{rtt, rate}, verbs: verbs, rounds: rounds}
					if c.String() == near.String() {
						c.watched = rounds
					}
					all = append(all, c)
				}
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("SLIPWAY_BENCH=%q: choose full or quick, or leave it out", kind)
}
