package main

import (
	"cmp"
	"slices"
)

// figure is what some runs have taken of one thing.
type figure struct{ Median, Min, Max float64 }

// figureOf returns the median of an odd number of values, else the mean of the
// two in the middle.
func figureOf(values []float64) (f figure) {
	if len(values) == 0 {
		return f
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return figure{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// of returns what the runs of a row have taken of one thing.
func (r row) of(thing func(sampled) float64) figure {
	var values []float64
	for _, m := range r.Runs {
		values = append(values, thing(m))
	}
	return figureOf(values)
}

// seen returns what the watched runs of a row have taken of one thing.
func (r row) seen(thing func(traced) float64) figure {
	var values []float64
	for _, m := range r.Watched {
		values = append(values, thing(m))
	}
	return figureOf(values)
}

func started(t traced) float64 { return float64(t.Started) }
func forks(t traced) float64   { return float64(t.Forks) }
func shells(t traced) float64  { return float64(t.Shells) }
func login(t traced) float64   { return float64(t.Login) }
func memory(t traced) float64  { return float64(t.Memory) / 1e6 }

// The things that are measured; times are in seconds.
func wall(m sampled) float64           { return m.Wall.Seconds() }
func withoutRestart(m sampled) float64 { return (m.Wall - m.Restart).Seconds() }
func traffic(m sampled) float64        { return float64(m.In + m.Out) }
func roundTrips(m sampled) float64     { return float64(m.Turns) }
func client(m sampled) float64         { return m.Client.Seconds() }
func hostTime(m sampled) float64       { return m.Hosts.Seconds() }
func work(m sampled) float64           { return (m.Client + m.Hosts).Seconds() }

// find returns a row, if it was measured.
func (r *results) find(c condition, tool string, v verb) (row, bool) {
	for _, row := range r.Rows {
		if row.Condition == c.String() && row.Tool == tool && row.Verb == v && len(row.Runs) > 0 {
			return row, true
		}
	}
	return row{}, false
}

// waited returns how many round trips somebody has waited for: what more of
// latency has made a run longer by.
func (r *results) waited(tool string, v verb) (trips float64, ok bool) {
	a, hasNear := r.find(near, tool, v)
	b, hasFar := r.find(far, tool, v)
	if !hasNear || !hasFar {
		return 0, false
	}
	return (b.of(wall).Median - a.of(wall).Median) / (far.RTT - near.RTT).Seconds(), true
}

// least returns the row with the smallest median of one thing.
func least(rows []row, thing func(sampled) float64) row {
	return slices.MinFunc(rows, func(a, b row) int { return cmp.Compare(a.of(thing).Median, b.of(thing).Median) })
}
