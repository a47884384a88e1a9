package hosts

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
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

// badReleases is how many are tried: "make bad" tries a hundred.
func badReleases(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("SLIPWAY_BAD_RELEASES"), "24"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// However bad a release is: none is reported green, and after each the old one
// serves.
func TestNoBadReleaseIsReportedGreen(t *testing.T) {
	each := badReleases(t) / 4
	var all sync.WaitGroup
	defer all.Wait()
	for n := range 4 {
		host := fmt.Sprintf("web%d", n+1)
		// Not by t.Parallel, which allows as many as there are processors.
		all.Go(func() {
			t.Run(host, func(t *testing.T) {
				w := newWorld(t, host)
				random := rand.New(rand.NewPCG(20240101, uint64(n)))
				good := w.deploy(1)
				for i := range each {
					way, settings := badWays[(n+i)%len(badWays)](random)
					bad := w.artifact(10+i, way)
					t.Logf("%s: %+v", bad, way)
					w.red(1, w.run(append([]string{"deploy", "--release-id", string(bad)}, settings...)...), "put back", "back on "+string(good))
					// One look at the host: many releases are many logins.
					if got := w.root("readlink " + base + "/current; curl --silent " + health); !strings.HasPrefix(got, "releases/"+string(good)+"\n") || !strings.Contains(got, `"release": "`+string(good)+`"`) {
						t.Errorf("the host has %s", got)
					}
					if t.Failed() {
						t.Fatalf("%s: %+v", bad, way)
					}
				}
				w.runs(good)
				green := 0
				for _, c := range w.changes() {
					if c.Outcome != release.Reverted {
						green++
					}
				}
				if n := len(w.changes()); green != 1 || n != each+1 {
					t.Errorf("the history has %d changes, and %d of them were not taken back", n, green)
				}
			})
		})
	}
}
