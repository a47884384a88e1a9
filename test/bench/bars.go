package main

import (
	"fmt"
	"strings"
)

// bar is a promise about speed, and how far it is kept.
type bar struct {
	What     string
	Got, Max float64
	Unit     string // empty: a ratio
	How      string // the figures that it was computed from
}

func (b bar) Met() bool { return b.Got <= b.Max }

func (b bar) Figure() string { return b.number(b.Got) }
func (b bar) Limit() string  { return b.number(b.Max) }

func (b bar) number(n float64) string {
	if b.Unit == "" {
		return fmt.Sprintf("%.2f", n)
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f %s", n, b.Unit))
}

func (b bar) Verdict() string {
	if b.Met() {
		return "met"
	}
	return "**missed**"
}

// bars returns all bars that the results can tell.
func (r *results) bars() (all []bar) {
	for _, c := range []condition{near, far} {
		all = append(all, r.aboveFloor(c, redeploy, rsyncName, 0.5)...)
	}
	all = append(all, r.counted()...)
	for _, c := range []condition{near, far} {
		all = append(all, r.aboveFloor(c, rollback, capistranoName, 0.25)...)
		all = append(all, r.against(c, first, scpName, 1)...)
	}
	return append(all, r.fleet()...)
}

// aboveFloor compares what Slipway and a peer take beyond a bare switch. That is
// what the application takes to stop and to start, with every tool and verb.
func (r *results) aboveFloor(c condition, v verb, name string, most float64) []bar {
	floor, hasFloor := r.find(c, floorName, redeploy)
	peer, hasPeer := r.find(c, name, v)
	own, hasOwn := r.find(c, slipwayName, v)
	if !hasFloor || !hasPeer || !hasOwn {
		return nil
	}
	a, b, f := own.of(wall).Median, peer.of(wall).Median, floor.of(wall).Median
	return []bar{{
		What: fmt.Sprintf("%s, %s: time above the floor, against %s", names[v], c, name), Got: (a - f) / (b - f), Max: most,
		How: fmt.Sprintf("(%.2f - %.2f) / (%.2f - %.2f) s; with the floor it is %.2f", a, f, b, f, a/b),
	}}
}

// counted has what does not depend on the machine's mood.
func (r *results) counted() (all []bar) {
	own, ok := r.find(near, slipwayName, redeploy)
	if !ok {
		return nil
	}
	bytes := own.of(traffic)
	all = append(all, bar{What: "Redeploy: bytes both ways", Got: bytes.Median / 1e3, Max: 64, Unit: "KB", How: fmt.Sprintf("%.0f to %.0f bytes", bytes.Min, bytes.Max)})
	if len(own.Watched) > 0 {
		all = append(all, bar{
			What: "Redeploy: started below the sessions' shells", Got: own.seen(started).Median, Max: 40, Unit: "programs",
			How: fmt.Sprintf("forks: %.0f; sessions' shells: %.0f; programs of sshd and PAM: %.0f", own.seen(forks).Median, own.seen(shells).Median, own.seen(login).Median),
		})
	}
	return all
}

func (r *results) against(c condition, v verb, peer string, most float64) []bar {
	own, hasOwn := r.find(c, slipwayName, v)
	other, hasOther := r.find(c, peer, v)
	if !hasOwn || !hasOther {
		return nil
	}
	a, b := own.of(wall).Median, other.of(wall).Median
	return []bar{{What: fmt.Sprintf("%s, %s: time against %s", names[v], c, peer), Got: a / b, Max: most, How: fmt.Sprintf("%.2f / %.2f s", a, b)}}
}

// fleet compares eight hosts with the best peer, whichever that is for each
// figure. The application's own time is left out: it is the same for all.
func (r *results) fleet() []bar {
	own, hasOwn := r.find(eight, slipwayName, redeploy)
	var others []row
	for _, t := range tools {
		if row, ok := r.find(eight, t.Name, redeploy); ok && t.Name != floorName && t.Name != slipwayName {
			others = append(others, row)
		}
	}
	if !hasOwn || len(others) == 0 {
		return nil
	}
	quick, light := least(others, withoutRestart), least(others, work)
	a, b := own.of(withoutRestart).Median, quick.of(withoutRestart).Median
	c, d := own.of(work).Median, light.of(work).Median
	all := own.of(wall).Median / least(others, wall).of(wall).Median
	return []bar{
		{What: "Redeploy, 8 hosts: time without restarts, against " + quick.Tool, Got: a / b, Max: 0.6, How: fmt.Sprintf("%.2f / %.2f s; with restarts, and the first host alone, it is %.2f", a, b, all)},
		{What: "Redeploy, 8 hosts: processor time of client and hosts, against " + light.Tool, Got: c / d, Max: 0.6, How: fmt.Sprintf("%.2f / %.2f s", c, d)},
	}
}
