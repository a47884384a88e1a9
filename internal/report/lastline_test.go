package report_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// Every way to fail ends in a line that says what failed, where and why.
func TestTheLastLineHasHostAndReason(t *testing.T) {
	t.Parallel()
	for verb, run := range runs {
		for _, hosts := range []int{1, 3} {
			for _, step := range hosttest.Steps {
				for how := hosttest.Slow; how <= hosttest.FreezesLate; how++ {
					for _, at := range []string{"web1", "web2"}[:min(2, hosts)] {
						t.Run(fmt.Sprintf("%s of %d, %d at %s of %s", verb, hosts, how, step, at), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) { lastLineOf(t, ready(t, hosts), run, at, hosttest.Fault{Step: step, How: how}) })
						})
					}
				}
			}
		}
	}
}

// lastLineOf runs a verb with a fault. At a step that is only slow, the run is
// cancelled.
func lastLineOf(t *testing.T, f *fleet, run run, at string, fault hosttest.Fault) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	switch fault.How {
	case hosttest.Slow:
		fault.Do = cancel
	case hosttest.Freezes, hosttest.FreezesLate:
		fault.Do = func() { overtake(t, f) }
	}
	f.faults[at] = fault
	r, err := run(ctx, f, plan())
	readAsAPerson(t, t.Name(), r, err)
}

// overtake lets another run deploy while the run stands still.
func overtake(t *testing.T, f *fleet) {
	if f.machines[0].State().Locked {
		for _, fake := range f.fakes {
			fake.Freeze()
		}
	}
	mine := f.fakes
	other := *f
	other.faults = nil
	if _, err := rollout.Deploy(t.Context(), plan(), other.candidates(), artifact(9), quiet()); err != nil {
		t.Log(err)
	}
	f.fakes = mine
}

const (
	longestReason = 600
	longestAdvice = 900
)

var (
	unfinished = regexp.MustCompile(`[:;,]\s*$|%!|<nil>|: *;|: *:|\(\)`)
	reasonless = regexp.MustCompile(`(failed|cancelled)[:.;]?( (see|look at) the lines above)?\.?$`)
)

// readAsAPerson checks the last line of a run that failed, and its advice.
func readAsAPerson(t *testing.T, name string, r rollout.Result, err error) {
	t.Helper()
	got := report.Rollout{Result: r, Ended: report.Ended{Err: err}}
	line := got.Problem()
	if err == nil {
		if line != "" {
			t.Errorf("%s: it succeeded, and ends with %q", name, line)
		}
		return
	}
	for _, text := range append(strings.Split(got.Text(), "\n"), line) {
		if strings.Contains(text, "%!") || strings.Contains(text, "<nil>") {
			t.Errorf("%s: %q", name, text)
		}
	}
	switch {
	case strings.Contains(line, "\n"), unfinished.MatchString(line), reasonless.MatchString(line), utf8.RuneCountInString(line) > longestReason:
		t.Errorf("%s: the last line is %q", name, line)
	}
	culprits := 0
	named := false
	for _, h := range r.Hosts {
		if h.Problem != "" && h.Outcome != host.Skipped {
			culprits++
			named = named || strings.Contains(line, h.Host)
		}
	}
	if culprits > 0 && !named {
		t.Errorf("%s: the last line names no host: %q", name, line)
	}
}
