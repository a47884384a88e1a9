package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// matrix makes the cases of a recorded scenario. What it chooses, it chooses by
// the random numbers.
func matrix(r recording, random *rand.Rand) []trial {
	if r.scenario.kind == beam {
		return append(beamSteps(r), inside(r, random)...)
	}
	return slices.Concat(steps(r), inside(r, random), broken(r), onTheWire(r, random))
}

// steps has every fault before and after every step.
func steps(r recording) []trial {
	var all []trial
	for _, step := range r.certain() {
		for _, w := range []when{before, after} {
			for _, f := range wire {
				all = append(all, trial{r.scenario, point{step: step, when: w}, f})
			}
			for _, f := range still {
				if mayFreeze(step) {
					all = append(all, trial{r.scenario, point{step: step, when: w}, f})
				}
			}
		}
	}
	return all
}

// mayFreeze reports whether a run has its lock at a point, and something to do
// after it. The lock ends with the connection.
func mayFreeze(step string) bool { return step != "lock#1" }

// changing are the steps that change a host, and acting the commands by which
// scripts do that, or wait for it.
var (
	changing = []string{"stage", "prepare", "activate", "conclude", "prune", "tidy", "hook", "lock"}
	acting   = []string{"mv", "ln", "rm", "mkdir", "chmod", "sync", "flock", "sudo", "cp", "tar", "zstd", "gzip", "sha256sum", "sleep", "timeout"}
)

// inside kills scripts at their commands. Of those that only look some are
// chosen, and of the steps that scenarios have in common with a deploy the
// switch and the end.
func inside(r recording, random *rand.Rand) []trial {
	var all []trial
	add := func(p point, choice ...fault) {
		all = append(all, trial{r.scenario, p, choice[random.IntN(len(choice))]})
	}
	for _, step := range r.certain() {
		name, _, _ := strings.Cut(step, "#")
		deep := name == "activate" || name == "conclude" || name == "tidy" || r.scenario.name == "deploy"
		for _, command := range r.commands[step] {
			program, n, _ := strings.Cut(command, "#")
			matters := deep && slices.Contains(changing, name) && slices.Contains(acting, program)
			if len(n) > 1 || n > "4" || !matters && random.IntN(12) > 0 {
				continue
			}
			for _, w := range []when{before, after} {
				p := point{step: step, command: command, when: w}
				add(p, kill, killgroup)
				if matters {
					add(p, crash)
					add(p, client, cut, reset, client, cut, reset, stall)
				}
			}
		}
	}
	return all
}

// broken has hosts on which something does not work any more from a step on.
func broken(r recording) []trial {
	faults := []fault{noBytes, noInodes, noSudo, clock}
	if !r.scenario.spoilt && !r.scenario.dead {
		faults = append(faults, unitOnce, unitLimit, unitFlap)
	}
	var all []trial
	for _, step := range r.certain() {
		for _, f := range faults {
			all = append(all, trial{r.scenario, point{step: step, when: before}, f})
		}
	}
	return all
}

// onTheWire has the connection break after so many bytes.
func onTheWire(r recording, random *rand.Rand) []trial {
	var all []trial
	for way, most := range map[string]int64{"up": r.up, "down": r.down} {
		for range 12 {
			for _, f := range []fault{cut, reset} {
				all = append(all, trial{r.scenario, point{way: way, bytes: 1 + random.Int64N(most)}, f})
			}
		}
		all = append(all, trial{r.scenario, point{way: way, bytes: 1 + random.Int64N(most)}, stall})
	}
	slices.SortFunc(all, func(a, b trial) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// beamSteps are those where it matters that a release takes its time.
func beamSteps(r recording) []trial {
	var all []trial
	for _, step := range r.certain() {
		name, _, _ := strings.Cut(step, "#")
		if !slices.Contains([]string{"prepare", "activate", "probe", "hook", "conclude", "recheck"}, name) {
			continue
		}
		for _, w := range []when{before, after} {
			for _, f := range wire {
				all = append(all, trial{r.scenario, point{step: step, when: w}, f})
			}
		}
		for _, f := range []fault{noSudo, noBytes, unitOnce, unitLimit, unitFlap} {
			all = append(all, trial{r.scenario, point{step: step, when: before}, f})
		}
	}
	return all
}

// many has runs over several hosts that are hit while some are switched and
// some are not.
func many(s *scenario) []trial {
	var all []trial
	for host := range s.hosts {
		for _, step := range []string{"activate#1", "probe#2", "conclude#1"} {
			for _, f := range []fault{client, cut, kill, frozen} {
				for _, w := range []when{before, after} {
					all = append(all, trial{s, point{host: host, step: step, when: w}, f})
				}
			}
		}
		for _, f := range []fault{stall, unitLimit, noSudo} {
			all = append(all, trial{s, point{host: host, step: "activate#1", when: before}, f})
		}
	}
	return all
}

// some chooses n cases, few of them slow.
func some(all []trial, n int, random *rand.Rand) []trial {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slow, fleets, counts := 0, 0, map[string]int{}
	var chosen []trial
	for _, c := range all {
		kindOf := fmt.Sprint(c.scenario.name, c.point.way != "", c.point.command != "")
		switch {
		case len(chosen) == n:
			return chosen
		case (c.fault == stall || c.freezes()) && slow == 2, c.scenario.hosts > 2, c.scenario.hosts == 2 && fleets == 2, counts[kindOf] == 4:
			continue
		}
		if c.fault == stall || c.freezes() {
			slow++
		}
		if c.scenario.hosts > 1 {
			fleets++
		}
		counts[kindOf]++
		chosen = append(chosen, c)
	}
	return chosen
}
