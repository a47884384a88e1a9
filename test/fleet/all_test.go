package fleet

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// status is for light.Way.
func status(n int) *int { return &n }

func TestOneHostThatFailsTakesAllBack(t *testing.T) {
	w := eight(t)
	good := w.deploy(1)
	bad := w.artifact(2, light.Way{OnlyHost: "web6", Exit: status(3)})
	r := w.run("deploy", "--release-id", string(bad))
	w.red(1, r, w.addr("web6")+": the release exits", "putting every switched host back")
	w.everyHostRuns(good, nil)
	want := map[string]string{}
	for _, h := range w.hosts {
		want[h.Name] = "put back"
	}
	want["web8"] = "not reached" // the batches are 1; 2, 3, 4; 5, 6, 7; 8
	if got := w.outcomes(r.Stdout + r.Stderr); !maps.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
	// Last switched, first back: no host of the first batch before one of the last.
	if back := order(w, r.Stderr, "back on "+string(good)); len(back) != 7 || back[6] != "web1" ||
		!slices.Contains(back[:3], "web5") || !slices.Contains(back[:3], "web6") || !slices.Contains(back[:3], "web7") {
		t.Errorf("they went back in the order %v", back)
	}
	// The same again, once it works.
	w.artifact(3, light.Way{})
	w.ok("deploy", "--release-id", string(light.At(3)), "SLIPWAY_MAX_PARALLEL=50%")
	w.everyHostRuns(light.At(3), nil)
}

// order lists the hosts in the order in which a run said something of them.
func order(w *world, output, what string) []string {
	var names []string
	for line := range strings.Lines(output) {
		for _, h := range w.hosts {
			if strings.HasPrefix(strings.TrimSpace(line), h.Addr+": "+what) {
				names = append(names, h.Name)
			}
		}
	}
	return names
}

func TestTheFirstHostIsTheGatekeeper(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	bad := w.artifact(2, light.Way{Exit: status(3)})
	// Not even max-failures lets more than one host see it.
	r := w.run("deploy", "--release-id", string(bad), "--max-failures", "5", "SLIPWAY_MAX_PARALLEL=100%")
	w.red(1, r, "the release exits")
	if got := order(w, r.Stderr, "switched from"); len(got) != 1 || got[0] != "web1" {
		t.Errorf("switched: %v", got)
	}
	w.everyHostRuns(good, nil)
	for name, n := range w.everywhere("wc -l < " + base + "/.slipway/history.jsonl") {
		if want := map[bool]string{true: "2", false: "1"}[name == "web1"]; n != want {
			t.Errorf("%s: %s changes, want %s", name, n, want)
		}
	}
}

// lockOut makes a host one that cannot be reached, until the test ends.
func (w *world) lockOut(name string) {
	w.Helper()
	h, keys := w.lab.Host(name), "/home/deploy/.ssh/authorized_keys"
	w.root(h, "mv "+keys+" "+keys+".away")
	w.Cleanup(func() {
		if _, err := h.Run(context.Background(), nil, "mv", keys+".away", keys); err != nil {
			w.Error(err)
		}
	})
}

func TestSomeHostsMayStay(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.artifact(2, light.Way{OnlyHost: "web3", Exit: status(3)})
	w.lockOut("web4")

	w.red(1, w.run("deploy", "--release-id", string(next), "--max-failures", "0"), w.addr("web4")+": deploy is not let in", "nothing was switched on any host")
	w.red(1, w.run("deploy", "--release-id", string(next), "--max-failures", "1"), w.addr("web3")+": .*the release exits", "putting every switched host back")
	w.everyHostRuns(good, nil)
	out := w.ok("deploy", "--release-id", string(next), "--max-failures", "2")
	w.says(out, "Deploy of .* succeeded in part", "2 hosts of 4 stay on what they ran, as max-failures allows", w.addr("web3")+": .*the release exits")
	w.everyHostRuns(next, map[string]release.ID{"web3": good, "web4": good})
}

func TestWhatRunsOnceRunsOnOneHostBeforeAnySwitch(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	once := w.file(`mkdir -p /tmp/once; bin/shop eval 'print("code of the new release")'; echo "$GREETING $(hostname) $(basename "$(readlink -f /opt/apxr/shop/next)") $(basename "$(readlink -f /opt/apxr/shop/current)")" >>/tmp/once/said`)
	env := w.file("GREETING=hello")
	w.everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")
	next := w.artifact(2, light.Way{})
	w.says(w.ok("deploy", "--release-id", string(next), "--before-activate-once-file", once, "--env-file", env), w.addr("web1")+": before-activate-once ended well", "code of the new release")
	for name, said := range w.everywhere("cat /tmp/once/said 2>/dev/null || true") {
		want := ""
		if name == "web1" {
			want = fmt.Sprintf("hello web1 %s %s", next, good)
		}
		if said != want {
			t.Errorf("%s: %q, want %q", name, said, want)
		}
	}
	// What runs already needs no migration.
	w.says(w.ok("deploy", "--release-id", string(next), "--before-activate-once-file", once, "--env-file", env), "nothing to change")
	if n := w.root(w.lab.Host("web1"), "wc -l </tmp/once/said"); n != "1" {
		t.Errorf("it ran %s times", n)
	}
	third := w.artifact(3, light.Way{})
	r := w.run("deploy", "--release-id", string(third), "--before-activate-once-file", w.file("echo no; false"), "--env-file", w.file("GREETING=bye"))
	w.red(1, r, "nothing was switched on any host", "before-activate-once failed with exit status 1")
	if got := order(w, r.Stderr, "switched"); len(got) > 0 {
		t.Errorf("switched: %v", got)
	}
	w.everyHostRuns(next, nil)
	for name, said := range w.everywhere("grep -l bye " + base + "/activations/*/environment || true") {
		if said != "" {
			t.Errorf("%s keeps the environment of what was not deployed: %s", name, said)
		}
	}
}

func (w *world) file(text string) string {
	w.Helper()
	f, err := os.CreateTemp(w.TempDir(), "text")
	w.must(err)
	_, err = f.WriteString(text + "\n")
	w.must(err)
	w.must(f.Close())
	return f.Name()
}

func TestHostsOfOneFleetHaveOneOwner(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	w.root(w.lab.Host("web4"), "chown root "+base+" && chmod 2755 "+base)
	w.red(1, w.run("deploy", "--release-id", string(w.artifact(2, light.Way{}))), w.addr("web4")+": ", base+" belongs to root here, and to deploy on "+w.addr("web1")+", "+w.addr("web2"), "nothing was switched on any host")
	w.root(w.lab.Host("web4"), "chown deploy "+base+" && chmod 2750 "+base)
	w.everyHostRuns(good, nil)
}

func TestAPauseLetsABatchShowWhatItIsWorth(t *testing.T) {
	w := four(t)
	w.deploy(1)
	began := time.Now()
	out := w.ok("deploy", "--release-id", string(w.artifact(2, light.Way{})), "--batch-pause", "2s", "SLIPWAY_MAX_PARALLEL=2")
	if n := strings.Count(out, "waiting for 2s before the next batch"); n != 2 || time.Since(began) < 4*time.Second {
		t.Errorf("%d pauses in %s", n, time.Since(began))
	}
	w.everyHostRuns(light.At(2), nil)
}

// A host that cannot be reached, and one that fails, stop no rollback.
func TestARollbackGoesOn(t *testing.T) {
	w := four(t)
	old := w.artifact(1, light.Way{OnlyHost: "web2", Exit: status(0), After: 4})
	w.ok("deploy", "--release-id", string(old), "SLIPWAY_MAX_PARALLEL=8")
	bad := w.deploy(2)
	w.lockOut("web4")
	r := w.run("rollback", "--settle", "6s", "--health-timeout", "40s", "SLIPWAY_MAX_PARALLEL=100%")
	w.red(1, r, w.addr("web4")+": deploy is not let in", w.addr("web2")+": .*ended by itself")
	w.everyHostRuns(old, map[string]release.ID{"web2": bad, "web4": bad})
}

// A host that lacks the release gets it from the build server, if there is one.
func TestARollbackBringsWhatIsMissing(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	w.deploy(2)
	w.root(w.lab.Host("web2"), "rm -r "+base+"/releases/"+string(good))
	w.root(w.lab.Host("web3"), "rm -r "+base+"/releases/"+string(good))
	w.red(1, w.run("rollback", "SLIPWAY_BUILD_HOST=", "SLIPWAY_HOSTS="+w.addr("web2")), "release "+string(good)+" is not on this host")
	w.red(1, w.run("rollback", "HOME=/nowhere", "SLIPWAY_HOSTS="+w.addr("web2")), "the build host does not give it", "release "+string(good)+" is not on this host")
	out := w.ok("rollback", "SLIPWAY_MAX_PARALLEL=8")
	w.says(out, "Fetch "+string(good)+" for 2 hosts", w.addr("web3")+": staged and verified", "Rollback to "+string(good)+".* succeeded")
	w.everyHostRuns(good, nil)
}
