package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWhateverGoesWrongThePromisesHold(t *testing.T) {
	t.Run("with light releases", withLight)
	if full {
		t.Run("with real releases", withBeam)
	}
}

func withLight(t *testing.T) {
	seed := theSeed(t)
	w := newHosts(t)
	w.Must(putLight(t.TempDir()))
	w.states(light)
	if names := named(); len(names) > 0 {
		w.findsBadReleases(light)
		w.namesEveryStep()
		w.repeat(light, names)
		return
	}
	recordings := w.record(light)
	trials := cases(recordings, seed)
	if !full {
		trials = some(trials, atRandom, rand.New(rand.NewPCG(seed, 99)))
	}
	covered := w.tryAll(trials, seed)
	if full {
		w.coverage(covered, recordings)
	}
}

// named returns the cases that are tried by their names: those of the
// environment, or the few of "make test".
func named() []string {
	if names := strings.Fields(os.Getenv("CHAOS_CASE")); len(names) > 0 || full || atRandom > 0 {
		return names
	}
	return few
}

// withBeam is for what takes its time to boot and to stop, and is asked for it.
func withBeam(t *testing.T) {
	w := newHosts(t)
	w.Must(putBeam(t.Context(), w.lab, t.TempDir(), t.TempDir()))
	w.states(beam)
	if names := strings.Fields(os.Getenv("CHAOS_CASE")); len(names) > 0 {
		w.repeat(beam, names)
		return
	}
	seed := theSeed(t)
	w.tryAll(cases(w.record(beam), seed), seed)
}

// cases are all that there are for the recordings.
func cases(recordings []recording, seed uint64) []trial {
	var trials []trial
	for i, r := range recordings {
		trials = append(trials, matrix(r, rand.New(rand.NewPCG(seed, uint64(i))))...)
	}
	for _, s := range scenarios {
		if s.hosts > 1 && s.kind == recordings[0].scenario.kind {
			trials = append(trials, many(s)...)
		}
	}
	return trials
}

// theSeed is that of the environment, or always the same.
func theSeed(t *testing.T) uint64 {
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
	return 1
}

// record records all scenarios of a kind that have one host.
func (w *hosts) record(k *kind) []recording {
	w.Helper()
	var ours []*scenario
	for _, s := range scenarios {
		if s.kind == k && s.hosts == 1 {
			ours = append(ours, s)
		}
	}
	recordings := make([]recording, len(ours))
	var wg sync.WaitGroup
	for at, m := range w.machines {
		wg.Go(func() {
			for i := at; i < len(ours); i += len(w.machines) {
				var err error
				if recordings[i], err = recorded(w.Context(), ours[i], m); err != nil {
					w.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if w.Failed() {
		w.FailNow()
	}
	return recordings
}

// repeat tries cases by their names: those of one kind.
func (w *hosts) repeat(k *kind, names []string) {
	w.Helper()
	var trials []trial
	for _, name := range names {
		c, err := parseTrial(name)
		w.Must(err)
		if c.scenario.kind == k {
			trials = append(trials, c)
		}
	}
	w.all(w.Context(), trials, func(o outcome) {
		if !o.fired {
			w.Errorf("%s: the run never came to the point: is there still such a step?", o.trial)
		}
		w.Logf("%s: %.1f s\n%s", o.trial, o.took.Seconds(), o.log)
		for _, wrong := range o.wrong {
			w.Errorf("%s: %s", o.trial, wrong)
		}
	})
}

// tryAll tries cases, the slow ones first, and says how they ended.
func (w *hosts) tryAll(trials []trial, seed uint64) *coverage {
	w.Helper()
	if os.Getenv("CHAOS_LIST") != "" {
		w.Skipf("%d cases: %s", len(trials), trials)
	}
	arrange(trials, seed)
	began := time.Now()
	var mu sync.Mutex
	var covered coverage
	done, failed := 0, 0
	var missed []string
	w.all(w.Context(), trials, func(o outcome) {
		mu.Lock()
		defer mu.Unlock()
		done++
		covered.note(o)
		if !o.fired {
			missed = append(missed, o.trial.String())
		}
		if len(o.wrong) > 0 {
			failed++
			w.Errorf("%s (CHAOS_SEED=%d CHAOS_CASE=%s repeats it):\n  %s\n%s", o.trial, seed, o.trial, strings.Join(o.wrong, "\n  "), o.log)
		}
		progress(done, failed, len(trials), o)
	})
	w.Logf("%d cases, %d failures, seed %d, %.0f s; in %d the run never came to the point: %s", done, failed, seed, time.Since(began).Seconds(), len(missed), missed)
	return &covered
}

// arrange mixes the cases, so that a run that is stopped has seen something of
// everything. A short run begins with what takes the longest.
func arrange(trials []trial, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 100))
	random.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	if full {
		return
	}
	slow := func(c trial) int {
		if c.fault == stall {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(trials, func(a, b trial) int { return cmp.Compare(slow(a), slow(b)) })
}

// progress is for who watches, and for who has to stop a run half-way.
func progress(done, failed, all int, o outcome) {
	if path := os.Getenv("CHAOS_PROGRESS"); path != "" {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return
		}
		defer f.Close()
		fmt.Fprintf(f, "%d/%d failed %d: %s fired %v %.1f s %q\n", done, all, failed, o.trial, o.fired, o.took.Seconds(), o.wrong)
		if len(o.wrong) > 0 {
			fmt.Fprintln(f, o.log)
		}
	}
}

// coverage shows what was covered, and fails for what was not.
func (w *hosts) coverage(c *coverage, recordings []recording) {
	w.Helper()
	table, missing := c.table(recordings)
	w.Logf("b: before the step, a: after it\n%s", table)
	if len(missing) > 0 {
		w.Errorf("these were not covered: %q", missing)
	}
}
