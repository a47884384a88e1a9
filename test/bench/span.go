package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// span is a time on the machine's clock, which all its hosts share.
type span struct{ from, to time.Duration }

// uptime returns the time of CLOCK_MONOTONIC, which systemd's properties have.
func uptime() (time.Duration, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return time.Duration(now.Nano()), err
}

// restartOf reads when a unit that ran was restarted last: from the begin of its
// stop to its start.
func restartOf(properties string) span {
	at := map[string]time.Duration{}
	for line := range strings.Lines(properties) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if micros, err := strconv.ParseInt(value, 10, 64); err == nil {
			at[name] = time.Duration(micros) * time.Microsecond
		}
	}
	return span{at["ActiveExitTimestampMonotonic"], at["ActiveEnterTimestampMonotonic"]}
}

// covered returns how much of the time between two moments is in some span.
func covered(spans []span, from, to time.Duration) (total time.Duration) {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range spans {
		s.from, s.to = max(s.from, from), min(s.to, to)
		if s.to > s.from {
			total += s.to - s.from
			from = s.to
		}
	}
	return total
}
