package power

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/apxr/slipway/test/world"
)

// workshop makes hosts for a test, all from one seed.
type workshop struct {
	world.T
	rnd       *rand.Rand
	artifacts []artifact
	launcher  string
	points    int               // that a long cycle passes
	took      time.Duration     // that a cycle takes
	syncs     map[string]string // that cycles come to, each with its step
}

func newWorkshop(t *testing.T, seed uint64) *workshop {
	need(t)
	w := &workshop{T: world.T{T: t}, rnd: rand.New(rand.NewPCG(seed, 0))}
	for range 4 {
		a, err := newArtifact(w.rnd)
		w.Must(err)
		w.artifacts = append(w.artifacts, a)
	}
	w.warmUp()
	return w
}

// warmUp learns from a host that keeps its power how long a cycle is, and the
// launcher that it must find on all others.
func (w *workshop) warmUp() {
	r := w.open(false)
	defer w.close(r)
	for range 5 {
		r.arm(plan{})
		began := time.Now()
		w.Must(r.cycle())
		w.took, w.points = max(w.took, time.Since(began)), max(w.points, r.count)
	}
	w.syncs = r.syncs
	var err error
	w.launcher, err = r.text("launch")
	w.Must(err)
	r.launcher = w.launcher
	w.Must(r.check(r.known))
}

func (w *workshop) open(separate bool) *runner {
	w.Helper()
	h, err := newHost(separate)
	w.Must(err)
	r := &runner{host: h, known: newKnown(), ctx: w.Context(), rnd: rand.New(rand.NewPCG(w.rnd.Uint64(), 0)), artifacts: w.artifacts}
	r.launcher = w.launcher
	return r
}

func (w *workshop) close(r *runner) {
	w.Helper()
	if err := r.remove(); err != nil {
		w.Error(err)
	}
}

// try runs one cycle into a cut and looks at what is left.
func (w *workshop) try(r *runner, p plan) (where hit, found error) {
	w.Helper()
	r.arm(p)
	if err := r.cycle(); err != nil && !errors.Is(err, errPower) {
		return hit{}, err
	}
	where, err := r.blackout()
	w.Must(err)
	return where, r.check(r.known)
}

func number(t *testing.T, name string, other int) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(other)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

const onOneHost = 10 // cuts, before there is a new host: first deploys are to be cut too

// TestPowerCuts cuts at commands and at random moments; what follows a cut is
// the next cycle, on what the cut has left.
func TestPowerCuts(t *testing.T) {
	seed, cuts := number(t, "SLIPWAY_POWER_SEED", 1), number(t, "SLIPWAY_POWER_CUTS", 50)
	t.Logf("SLIPWAY_POWER_SEED=%d", seed)
	w := newWorkshop(t, uint64(seed))
	t.Logf("a cycle passes up to %d points and takes up to %s", w.points, w.took)
	hits := tally{}
	defer func() { t.Logf("%d cuts:\n%s", hits.sum(), hits) }()
	var r *runner
	defer func() { w.close(r) }()
	for i := range cuts {
		if i%onOneHost == 0 {
			if r != nil {
				w.close(r)
			}
			r = w.open(i/onOneHost%2 == 1)
		}
		p := w.plan()
		where, err := w.try(r, p)
		hits.add(where, p.how)
		if err != nil {
			t.Fatalf("cut %d (%s), at %s %s, %d file systems: %v", i+1, p.how, where.step, where.where, len(r.disks), err)
		}
	}
}

// plan is a cut: most are at a point, of which there are few, so that each has
// its turn.
func (w *workshop) plan() plan {
	p := plan{how: []how{noFlush, noFlush, noFlush, logFlush, logFlush, logFlush, apart, apart, flushed}[w.rnd.IntN(9)]}
	if w.rnd.IntN(4) == 0 {
		p.after = 1 + time.Duration(w.rnd.Int64N(int64(w.took)))
	} else {
		p.point = 1 + w.rnd.IntN(w.points)
	}
	return p
}
