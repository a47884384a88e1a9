//go:build full

package hosts

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// badWays make a bad release and the settings that it is judged by.
var badWays = []func(*rand.Rand) (light.Way, []string){
	func(r *rand.Rand) (light.Way, []string) { return light.Way{Exit: status(r.IntN(256))}, quick },
	func(r *rand.Rand) (light.Way, []string) {
		return light.Way{Exit: status(r.IntN(256)), After: r.Float64() * 0.8}, settling
	},
	func(r *rand.Rand) (light.Way, []string) {
		return light.Way{Signal: []int{6, 9, 11}[r.IntN(3)], After: r.Float64() * 0.8}, settling
	},
	func(r *rand.Rand) (light.Way, []string) { return light.Way{Status: 300 + r.IntN(300)}, quick },
	func(*rand.Rand) (light.Way, []string) { return light.Way{Hang: true}, quick },
	func(r *rand.Rand) (light.Way, []string) { return light.Way{Port: 4002 + r.IntN(1000)}, quick },
	func(r *rand.Rand) (light.Way, []string) {
		return light.Way{Body: fmt.Sprintf("no%d", r.IntN(1000))}, append([]string{`SLIPWAY_HEALTH_BODY="status": "ok"`}, quick...)
	},
	func(r *rand.Rand) (light.Way, []string) { return light.Way{Boot: 2 + r.Float64()}, quick },
}

var (
	quick    = []string{"SLIPWAY_HEALTH_TIMEOUT=1s", "SLIPWAY_SETTLE=200ms"}
	settling = []string{"SLIPWAY_HEALTH_TIMEOUT=3s", "SLIPWAY_SETTLE=1s"}
)

// badReleases returns how many are tried on each host: each way on each, or as
// many as the environment says; "make bad" tries a hundred.
func badReleases(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("SLIPWAY_BAD_RELEASES"), strconv.Itoa(len(badWays)*hosts)))
	if err != nil {
		t.Fatal(err)
	}
	return n / hosts
}

// However bad a release is: none is reported green, and after each the old one
// serves.
func TestNoBadReleaseIsReportedGreen(t *testing.T) {
	each := badReleases(t)
	for n := range hosts {
		t.Run(fmt.Sprintf("part %d", n+1), func(t *testing.T) {
			w := newWorld(t)
			random := rand.New(rand.NewPCG(20240101, uint64(n)))
			good := w.Deploy(1)
			for i := range each {
				w.staysOn(good, 10+i, badWays[(n*each+i)%len(badWays)], random)
			}
			w.runs(good)
			if h := w.changes(); len(h) != each+1 {
				t.Errorf("the history has %d changes, want %d", len(h), each+1)
			}
		})
	}
}

// staysOn deploys a bad release, and ends the test if anything of it stays.
func (w *webHost) staysOn(good release.ID, n int, bad func(*rand.Rand) (light.Way, []string), random *rand.Rand) {
	w.Helper()
	way, settings := bad(random)
	id := w.Artifact(n, way)
	w.Red(1, w.Slipway(world.DeployOf(id, settings...)...), "put back", "back on "+string(good))
	// One look at the host: many releases are many logins.
	if got := w.root("readlink " + base + "/current; curl --silent " + health); !strings.HasPrefix(got, "releases/"+string(good)+"\n") || !strings.Contains(got, `"release": "`+string(good)+`"`) {
		w.Errorf("the host has %s", got)
	}
	w.lastChange(id, release.Reverted)
	if w.Failed() {
		w.Fatalf("%s: %+v", id, way)
	}
}
