//go:build full

package scale

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/simssh"
)

// A host behind a slow link gets its release last, and nobody waits for it but
// the switch.
func TestASlowHostHoldsNobodyUpWhileStaging(t *testing.T) {
	const hosts, bytes, rate = 40, 3_000_000, 60_000
	first := true
	w := newScene(t, hosts, func(h *simssh.Host) {
		if first {
			h.Rate = rate
		}
		first = false
	})
	w.settings = []string{"SLIPWAY_MAX_PARALLEL=20"}
	f := w.run(w.env(w.knownHosts("")), "deploy", "--release-id", string(w.artifact(1, bytes)))
	w.tell("deploy with a slow host", f, hosts)
	w.ok(f)
	slow := w.fleet.Hosts[0].Name()
	var slowAt, lastAt, startAt time.Duration
	for _, l := range f.log {
		switch {
		case strings.HasPrefix(l.text, "==> Stage"):
			startAt = l.at
		case !strings.Contains(l.text, "staged and verified"):
		case strings.Contains(l.text, slow+":"):
			slowAt = l.at
		default:
			lastAt = l.at
		}
	}
	t.Logf("staged: the last of the fast hosts after %.1f s, the slow one after %.1f s", (lastAt - startAt).Seconds(), (slowAt - startAt).Seconds())
	if least := time.Duration(bytes/rate) * time.Second * 8 / 10; slowAt-startAt < least {
		t.Errorf("the slow host was not slow: %.1f s, at least %s expected", (slowAt - startAt).Seconds(), least)
	}
	if lastAt >= slowAt {
		t.Errorf("a fast host was staged after the slow one")
	}
}
