package chaos

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// world is all hosts, and the states that they can be put into.
type world struct {
	*testing.T
	lab      *lab.Lab
	machines []*machine
}

// furnished are the hosts of the lab once a test has made them so.
var furnished []*machine

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, lab: labtest.Lab(t), machines: furnished}
	if furnished == nil {
		w.furnish()
		furnished = w.machines
	}
	return w
}

func (w *world) furnish() {
	w.Helper()
	b, err := newBell(fmt.Sprintf("10.213.%d.1", w.lab.Number()))
	w.must(err)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, h := range w.lab.WebHosts() {
		wg.Go(func() {
			m, err := furnish(w.Context(), w.lab, h, b.address())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.Error(err)
				return
			}
			b.add(m)
			w.machines = append(w.machines, m)
		})
	}
	wg.Wait()
	if w.Failed() {
		w.FailNow()
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// states makes the snapshots of a kind on one host and gives them to all.
func (w *world) states(k *kind) {
	w.Helper()
	m := w.machines[0]
	w.must(each(w.machines, func(m *machine) error {
		_, err := m.root("rm -f /var/lib/chaos/light; [ " + k.name + " != light ] || touch /var/lib/chaos/light")
		return err
	}))
	deploy := &scenario{name: "deploy", kind: k, hosts: 1, start: three, verb: "deploy"}
	w.must(m.snapshot(k, k.name+"-"+none))
	for _, id := range k.ids[:3] {
		a := w.run(deploy, trial{}, "--release-id", id, "--keep-releases", "5")
		if a.code() != 0 {
			w.Fatalf("no state to start from: exit %d\n%s", a.code(), a.output.String())
		}
	}
	w.must(m.snapshot(k, k.name+"-"+three))
	a := w.run(deploy, trial{deploy, point{step: "activate#1", when: after}, client}, "--release-id", k.ids[3])
	if !a.fired {
		w.Fatalf("no run died: %s", a.output.String())
	}
	_, err := m.root("cd " + k.base() + " && mkdir releases/20240108T000000.part && touch releases/20240108T000000.part/half && chown -R deploy releases/20240108T000000.part")
	w.must(err)
	w.must(m.snapshot(k, k.name+"-"+dead))
	const snapshots = "var/lib/chaos/snapshots"
	for _, other := range w.machines[1:] {
		for _, state := range []string{none, three, dead} {
			name := filepath.Join(snapshots, k.name+"-"+state)
			out, err := exec.Command("cp", "-a", filepath.Join(m.Root(), name), filepath.Join(other.Root(), snapshots)).CombinedOutput()
			if err != nil {
				w.Fatalf("%v: %s", err, out)
			}
		}
	}
}

// run runs Slipway on the first host until all is calm.
func (w *world) run(s *scenario, c trial, words ...string) *attempt {
	w.Helper()
	a, err := start(w.Context(), s, w.machines[:1], c, false, words...)
	w.must(err)
	var ignored findings
	_, _, err = a.judge(&ignored)
	w.must(err)
	return a
}

// all tries cases, as many at a time as there are hosts for.
func (w *world) all(ctx context.Context, trials []trial, done func(outcome)) {
	byHosts := map[int][]trial{}
	for _, c := range trials {
		byHosts[c.scenario.hosts] = append(byHosts[c.scenario.hosts], c)
	}
	for _, hosts := range slices.Sorted(maps.Keys(byHosts)) {
		queue := make(chan trial)
		var wg sync.WaitGroup
		for i := 0; i+hosts <= len(w.machines); i += hosts {
			wg.Go(func() {
				for c := range queue {
					done(try(ctx, w.machines[i:i+hosts], c))
				}
			})
		}
		for _, c := range byHosts[hosts] {
			queue <- c
		}
		close(queue)
		wg.Wait()
	}
}
