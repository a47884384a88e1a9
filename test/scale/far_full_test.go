//go:build full

package scale

import (
	"testing"
	"time"

	"github.com/apxr/slipway/test/simssh"
)

// How much of a run is waiting for answers: the same deploy near and far away.
func TestHostsFarAwayTakeTheirRoundTrips(t *testing.T) {
	const hosts, trip = 10, 200 * time.Millisecond
	var took []time.Duration
	for _, delay := range []time.Duration{0, trip} {
		w := newScene(t, hosts, func(h *simssh.Host) { h.Delay = delay })
		w.settings = []string{"SLIPWAY_MAX_PARALLEL=20"}
		id := w.artifact(1, 100_000)
		f := w.run(w.env(w.knownHosts("")), "deploy", "--release-id", string(id))
		w.tell("deploy with a round trip of "+delay.String(), f, hosts)
		w.ok(f)
		w.runs(id)
		took = append(took, f.wall)
		w.fleet.Close()
	}
	t.Logf("%.0f round trips in the whole run", float64(took[1]-took[0])/float64(trip))
}
