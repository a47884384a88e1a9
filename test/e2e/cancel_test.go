package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

// GitHub cancels a step by a SIGINT to the process that it started, and no
// other, and gives it 7.5 s.
func TestCancelledStepPutsEveryHostBackInTime(t *testing.T) {
	w := newSite(t)
	good := w.light(1, "", light.Way{})
	w.OK("deploy", "--release-id", good)
	// The first host is proved; the second one is switched and never proved.
	next := w.light(2, "", light.Way{Hang: true, OnlyHost: "web2"})
	s := w.step(config.Deploy, map[string]string{
		"app": sample.App, "build-host": w.lab.Host("build").Addr, "hosts": w.web(), "health-url": sample.Health,
		"ssh-key": w.Read(w.lab.DeployKeyPath()), "known-hosts": w.Read(w.lab.KnownHostsPath()),
		"release-id": next, "settle": "500ms", "health-timeout": "5m", "keep-releases": "5",
	})
	s.Env = append(s.Env, "RUNNER_DEBUG=1") // as with debug logging: it shows each command, and no key
	w.Must(s.Start())
	web2 := w.lab.Host("web2")
	w.Until("the second host to run the new release", func() bool {
		return w.root(web2, "ls "+base+"/.slipway/change 2>/dev/null || true") != "" && w.running(web2) == next
	})
	signalled := world.Now()
	w.Must(s.Process.Signal(os.Interrupt))
	if err := s.Wait(); err == nil {
		t.Error("a cancelled step is green")
	}
	ended := world.Ended{At: world.Now(), Result: command.Result{Stderr: s.log.String()}}
	noTime := w.NoTime(signalled, ended)
	t.Log(s.log.String())
	w.Says(s.log.String(), web2.Addr+": activate: runs with base="+base+" ")
	w.keepsSecrets(s.log.String())
	if noTime {
		w.OK("rollback", "--release-id", good, "--wait-for-lock", "5m")
	}
	w.everyHostRuns(good, health{Release: good})
	w.nothingLeft()
	w.Says(w.Read(s.summary), "the run was cancelled")
	if n := strings.Count(w.Read(s.summary), "put\u00a0back"); n != 2 && !noTime {
		t.Errorf("the summary says of %d hosts that they were put back", n)
	}
	for _, h := range w.lab.WebHosts() {
		w.Says(w.root(h, "tail -n 1 "+base+"/.slipway/history.jsonl"), `"outcome":"reverted"`, `"who":"octocat"`, "https://github.com/apxr/apxr_io/actions/runs/7")
	}
}
