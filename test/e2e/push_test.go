package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/light"
)

// A push is built and deployed, the pull request hears of it, one click goes
// back; then a run dies, and the next one repairs what it left. What runs before
// is a light release, since a build takes half a minute.
func TestPushBuildsAndDeploysAndOneClickRollsBack(t *testing.T) {
	r := newRunner(t)
	r.workflow("release.yml", r.pasted("release.yml")+laterStep)
	r.workflow("rollback.yml", r.pasted("rollback.yml"))
	firstRev := r.merge(1)
	first := r.light(1, firstRev, light.Way{})
	r.OK("deploy", "--release-id", first)
	r.everyHostRuns(first, health{Release: first})

	r.Must(r.project.SetVersion("0.1.0", "0.1.1"))
	revision := r.merge(2, firstRev)
	log, ok := r.act("push")
	if !ok {
		t.Fatal("the push is red")
	}
	id := r.current()
	r.everyHostRuns(id, health{Version: "0.1.1", Revision: revision})
	r.Says(log, "a later step sees "+id+", version 0.1.1, before it '"+first+"'")
	r.keepsSecrets(log)
	r.comment(2, "live", id, revision)

	r.keepsSecrets(r.dispatch("rollback.yml"))
	r.everyHostRuns(first, health{Release: first})
	r.comment(2, "gone", id, revision, first)

	r.killAfterSwitch(id)
	r.Says(r.OK("deploy", "--release-id", id, "--force").Stderr, "repaired: a run of")
	r.everyHostRuns(id, health{Version: "0.1.1", Revision: revision})
	r.alone(func() { r.Says(r.OK("rollback").Stdout, "Rollback to "+first) })
	r.everyHostRuns(first, health{Release: first})
	r.nothingLeft()
}

// alone does something while the build host and the git host are off the network.
func (w *site) alone(do func()) {
	w.Helper()
	link := func(host, state string) {
		out, err := exec.Command("ip", "-n", fmt.Sprintf("slab%d-switch", w.lab.Number()), "link", "set", host, state).CombinedOutput()
		if err != nil {
			w.Fatalf("%v: %s", err, out)
		}
	}
	for _, host := range []string{"build", "git"} {
		link(host, "down")
		defer link(host, "up")
	}
	do()
}

// killAfterSwitch starts a deploy and kills it while the first host runs the new
// release, and it is not proved yet.
func (w *site) killAfterSwitch(id string) {
	w.Helper()
	// By force, since a rollback may have marked it bad.
	run := w.Begin("deploy", "--release-id", id, "--settle", "4m", "--health-timeout", "5m", "--force")
	host := w.lab.Host("web1")
	w.Until("the first host to run the new release", func() bool {
		return strings.HasPrefix(w.root(host, "ls "+base+"/.slipway/change || true"), base) && w.running(host) == id
	})
	run.Signal(syscall.SIGKILL)
	if run.Wait().Code != -1 {
		w.Fatal("the run ended before it could be killed")
	}
}
