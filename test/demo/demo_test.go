package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab/labtest"
)

// What a newcomer sees first must work, and be over soon.
func TestDemo(t *testing.T) {
	labtest.Need(t)
	var out strings.Builder
	began := time.Now()
	err := run(t.Context(), io.MultiWriter(&out, t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 3*time.Minute {
		t.Errorf("it took %s", took)
	}
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
