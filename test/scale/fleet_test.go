package scale

import (
	"os"
	"strconv"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// size returns how many hosts there are: 500 take minutes of two processors,
// nearly all for the hosts' own scripts. "make scale" has them.
func size(t *testing.T) int {
	t.Helper()
	given := os.Getenv("SLIPWAY_SCALE_HOSTS")
	if given == "" {
		return usual
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		t.Fatalf("SLIPWAY_SCALE_HOSTS: %q is no number of hosts", given)
	}
	return n
}

// Every host gets a first release, then a second one, then goes back, each time
// over one connection.
func TestAFleetIsDeployedToAndRolledBack(t *testing.T) {
	hosts := size(t)
	w := newScene(t, hosts)
	w.settings = []string{"SLIPWAY_MAX_PARALLEL=" + parallel()}
	env := w.env(w.knownHosts(""))
	first, second := w.artifact(1, 100_000), w.artifact(2, 100_000)
	for _, step := range []struct {
		what, runs string
		args       []string
	}{
		{"first deploy", string(first), []string{"deploy", "--release-id", string(first)}},
		{"second deploy", string(second), []string{"deploy", "--release-id", string(second)}},
		{"rollback", string(first), []string{"rollback"}},
	} {
		f := w.run(env, step.args...)
		w.tell(step.what, f, hosts)
		w.ok(f)
		if f.seen.Accepted != int64(hosts) || f.seen.LoggedIn != int64(hosts) {
			t.Errorf("%d connections and %d logins, want one for each of %d hosts", f.seen.Accepted, f.seen.LoggedIn, hosts)
		}
		w.runs(release.ID(step.runs))
	}
	for _, h := range w.fleet.Hosts {
		if n := h.Seen().Accepted; n != 3 {
			t.Errorf("%s was connected to %d times in 3 runs", h.Name(), n)
		}
	}
}

// parallel returns max-parallel, which decides most of the time.
func parallel() string {
	if given := os.Getenv("SLIPWAY_SCALE_PARALLEL"); given != "" {
		return given
	}
	return "10%"
}
