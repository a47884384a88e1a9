package chaos

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/world"
)

// hosts are all of the lab, and the states that they can be put into.
type hosts struct {
	world.T
	lab      *lab.Lab
	machines []*machine
}

// furnished are the hosts of the lab once a test has made them so.
var furnished []*machine

func newHosts(t *testing.T) *hosts {
	t.Helper()
	w := &hosts{T: world.T{T: t}, lab: labtest.Lab(t), machines: furnished}
	if furnished == nil {
		w.furnish()
		furnished = w.machines
	}
	return w
}

func (w *hosts) furnish() {
	w.Helper()
	b, err := newBell(fmt.Sprintf("10.213.%d.1", w.lab.Number()))
	w.Must(err)
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

// states makes the snapshots of a kind on one host and gives them to all.
func (w *hosts) states(k *kind) {
	w.Helper()
	m := w.machines[0]
	w.Must(each(w.machines, func(m *machine) error {
		_, err := m.root("rm -f /var/lib/chaos/light; [ " + k.name + " != light ] || touch /var/lib/chaos/light")
		return err
	}))
	deploy := &scenario{name: "deploy", kind: k, hosts: 1, start: three, verb: "deploy"}
	w.Must(m.snapshot(k, k.name+"-"+none))
	for _, id := range k.ids[:3] {
		a := w.run(trial{scenario: deploy}, "--release-id", id, "--keep-releases", "5")
		if a.code() != 0 {
			w.Fatalf("no state to start from: exit %d\n%s", a.code(), a.output.String())
		}
	}
	w.Must(m.snapshot(k, k.name+"-"+three))
	a := w.run(trial{deploy, point{step: "activate#1", when: after}, client}, "--release-id", k.ids[3])
	if !a.fired {
		w.Fatalf("no run died: %s", a.output.String())
	}
	_, err := m.root("cd " + k.base() + " && mkdir releases/20240108T000000.part && touch releases/20240108T000000.part/half && chown -R deploy releases/20240108T000000.part")
	w.Must(err)
	w.Must(m.snapshot(k, k.name+"-"+dead))
	const snapshots = "var/lib/chaos/snapshots"
	for _, other := range w.machines[1:] {
		for _, state := range []string{none, three, dead} {
			name := filepath.Join(snapshots, k.name+"-"+state)
			w.Tool("cp", "-a", filepath.Join(m.Root(), name), filepath.Join(other.Root(), snapshots))
		}
	}
}

// run runs Slipway on the first host until all is calm.
func (w *hosts) run(c trial, words ...string) *attempt {
	w.Helper()
	a, err := start(w.Context(), w.machines[:1], c, false, words...)
	w.Must(err)
	var ignored findings
	_, _, err = a.judge(&ignored)
	w.Must(err)
	return a
}

// all tries cases, as many at a time as there are hosts for.
func (w *hosts) all(ctx context.Context, trials []trial, done func(outcome)) {
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
