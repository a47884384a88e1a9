//go:build full

package scale

import (
	"sync"
	"testing"
)

// As many runs as hosts, at once: a workflow's matrix, each job with a
// connection of its own to the bastion. sshd drops some; none may fail.
func TestFortyRunsThroughOneBastion(t *testing.T) {
	runsThroughOneBastion(t, 40)
}

func runsThroughOneBastion(t *testing.T, count int) {
	t.Helper()
	w := newScene(t, count)
	b := newBastion(w)
	w.settings = []string{"SLIPWAY_JUMP_HOSTS=root@" + b.addr, "SLIPWAY_VERBOSE=1"}
	env := w.env(w.knownHosts(b.known))
	runs := make([]figures, count)
	var all sync.WaitGroup
	for n, h := range w.fleet.Hosts {
		all.Go(func() { runs[n] = w.run(append(env, "SLIPWAY_HOSTS="+h.Name()), "releases") })
	}
	all.Wait()
	b.tell(w, runs...)
	for n, f := range runs {
		if f.code != 0 {
			t.Errorf("%s: exit %d: %v", w.fleet.Hosts[n].Name(), f.code, f.log)
		}
	}
}
