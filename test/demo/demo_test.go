package main

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab/labtest"
)

// stopwatch is an output that knows when the hosts were there: before that,
// their base images may have to be made.
type stopwatch struct {
	strings.Builder
	t      *testing.T
	booted time.Time
}

func (s *stopwatch) Write(p []byte) (int, error) {
	if s.booted.IsZero() && strings.Contains(string(p), "[2] ") {
		s.booted = time.Now()
	}
	s.t.Output().Write(p)
	return s.Builder.Write(p)
}

// What a newcomer sees first must work, and be over soon.
func TestDemo(t *testing.T) {
	labtest.Need(t)
	out := &stopwatch{t: t}
	if err := run(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	t.Logf("it took %s after the hosts had booted", time.Since(out.booted))
	// Every server answers with the first version, the second, and the first.
	var versions []string
	for line := range strings.Lines(out.String()) {
		if _, rest, ok := strings.Cut(line, `"version":"`); ok {
			version, _, _ := strings.Cut(rest, `"`)
			versions = append(versions, version)
		}
	}
	if got, want := strings.Join(versions, " "), "0.1.0 0.1.0 0.1.1 0.1.1 0.1.0 0.1.0"; got != want {
		t.Errorf("the servers answered with versions %s, want %s", got, want)
	}
}
