package world

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// Moment is a time, with the total time that processes of this machine had
// waited for a processor until then.
type Moment struct {
	At     time.Time
	waited time.Duration // since the machine booted
	known  bool
}

// Now returns this moment.
func Now() Moment {
	m := Moment{At: time.Now()}
	m.waited, m.known = pressure()
	return m
}

// mostDelay is how many times longer an operation may take on a busy machine.
const mostDelay = 8

// Within checks that the time between two moments is within a limit for an idle
// machine. Time in which processes waited for a processor does not count: the
// check must depend on the program, not on the load of the machine.
func (t T) Within(from, to Moment, limit time.Duration) {
	t.Helper()
	took, idle := between(from, to)
	t.Logf("it took %.1f s; for %.1f s of them nothing waited for a processor", took.Seconds(), idle.Seconds())
	if idle > limit || took > mostDelay*limit {
		t.Errorf("it took %s (%s on an idle machine), and may take %s", took, idle, limit)
	}
}

// between returns the time between two moments, first in full, then without the
// time in which some process waited for a processor.
func between(from, to Moment) (took, idle time.Duration) {
	took = to.At.Sub(from.At)
	if from.known && to.known {
		return took, took - (to.waited - from.waited)
	}
	return took, took / mostDelay
}

// pressure returns how long some process has waited for a processor since the
// machine booted. It returns false if the kernel does not measure it.
func pressure() (time.Duration, bool) {
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0, false
	}
	return parsePressure(string(text))
}

// parsePressure reads the line "some avg10=0.00 avg60=0.00 avg300=0.00 total=123".
func parsePressure(text string) (time.Duration, bool) {
	line, _, _ := strings.Cut(text, "\n")
	_, total, found := strings.Cut(line, " total=")
	micros, err := strconv.ParseInt(total, 10, 64)
	return time.Duration(micros) * time.Microsecond, found && err == nil && strings.HasPrefix(line, "some ")
}
