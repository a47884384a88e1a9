package main

import (
	"testing"
	"time"
)

func TestRestartsCountOnceWhereTheyOverlap(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		spans []span
		want  time.Duration
	}{
		{nil, 0},
		{[]span{{12 * s, 14 * s}}, 2 * s},
		{[]span{{13 * s, 15 * s}, {12 * s, 14 * s}, {12 * s, 13 * s}}, 3 * s},
		{[]span{{11 * s, 12 * s}, {18 * s, 19 * s}}, 2 * s},
		{[]span{{5 * s, 12 * s}, {19 * s, 25 * s}}, 3 * s}, // the rest is not within the run
		{[]span{{1 * s, 2 * s}}, 0},                        // an earlier run's
	} {
		if got := covered(c.spans, 10*s, 20*s); got != c.want {
			t.Errorf("%v: %s, want %s", c.spans, got, c.want)
		}
	}
}

func TestRestartOfAUnit(t *testing.T) {
	got := restartOf("ActiveEnterTimestampMonotonic=3500000\nActiveExitTimestampMonotonic=1250000\n")
	if want := (span{1250 * time.Millisecond, 3500 * time.Millisecond}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
