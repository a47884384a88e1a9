package scale

import (
	"testing"

	"github.com/apxr/slipway/test/simssh"
)

// The build host is one more server. It is asked for the release once, however
// many hosts get it.
func TestABuildHostServesAReleaseOnce(t *testing.T) {
	const hosts = 6
	w := newScene(t, hosts)
	builder, err := w.fleet.Apart(func(h *simssh.Host) { h.Home = w.home })
	w.Must(err)
	w.settings = []string{"SLIPWAY_MAX_PARALLEL=20", "SLIPWAY_BUILD_HOST=" + builder.Name()}
	env := w.env(w.knownHosts(""))
	id := w.artifact(1, 1_000_000)
	f := w.run(env, "deploy", "--release-id", string(id))
	w.tell("deploy from a build host", f, hosts)
	w.ok(f)
	w.runs(id)
	seen := builder.Seen()
	t.Logf("  build host: %d connections, %.1f MB sent, scripts %v", seen.Accepted, float64(seen.Out)/1e6, seen.Steps)
	if seen.Steps["export"] != 1 || seen.Accepted != 1 {
		t.Errorf("the build host was connected to %d times and served the release %d times, want once", seen.Accepted, seen.Steps["export"])
	}
}
