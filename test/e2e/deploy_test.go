package e2e

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

func TestDeployTwiceAndRollBack(t *testing.T) {
	w := newWorld(t)
	first, firstRev := w.release("good")
	w.everyHostRuns(first, "0.1.0", firstRev)

	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	second, secondRev := w.release("next")
	w.everyHostRuns(second, "0.1.1", secondRev)

	if out := w.ok("deploy", "--release-id", second); strings.Count(out, "unchanged") != 2 {
		t.Errorf("the same deploy again does not say that nothing changed:\n%s", out)
	}
	if out := w.ok("deploy", "--release-id", first); !strings.Contains(out, "was superseded") {
		t.Errorf("an older commit that comes late is not superseded:\n%s", out)
	}
	w.everyHostRuns(second, "0.1.1", secondRev)
	w.alone(func() {
		if out := w.ok("rollback"); !strings.Contains(out, "Rollback to "+first) {
			t.Errorf("the rollback does not say where it went:\n%s", out)
		}
	})
	w.everyHostRuns(first, "0.1.0", firstRev)
	w.nothingLeft()
	w.isRed(w.slipway("deploy", "--release-id", second), "was rolled back", "by tester@", "use force")

	if r := w.slipway("rollback"); r.Code != 1 || !strings.Contains(r.Stderr, "nothing to roll back to") {
		t.Errorf("below the first release there is nothing, but: exit %d, %s", r.Code, r.Stderr)
	}
	w.ok("rollback", "--release-id", second)
	w.everyHostRuns(second, "0.1.1", secondRev)
}

// alone does something while the build host and the git host are off the network.
func (w *world) alone(do func()) {
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

// sshd hands every command to the user's login shell first.
func TestAnyLoginShellOfTheDeployUserWillDo(t *testing.T) {
	w := newWorld(t)
	id, rev := w.release("good")
	for _, shell := range []string{"/usr/bin/fish", "/usr/bin/tcsh", "/bin/dash"} {
		for _, h := range w.lab.WebHosts() {
			w.root(h, "usermod --shell "+shell+" deploy")
			defer w.root(h, "usermod --shell /bin/bash deploy")
		}
		w.ok("deploy", "--release-id", id)
	}
	w.everyHostRuns(id, "0.1.0", rev)
}

func TestReleaseThatDoesNotWorkIsPutBack(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	for _, c := range []struct {
		message string
		spoil   func() (mend func() error, err error)
		timeout string
		says    []string // the unit log's line is the last one
	}{
		// That it exits is noticed long before that, but on a busy machine not within seconds.
		{"exits at start", w.project.ExitAtStart, "60s", []string{"the release exits", "the sample exits at start"}},
		{"answers 500", w.project.Answer500, "5s", []string{"not proved within 5s", "answers 500 Internal Server Error", "apxr_io 0.1.0, revision"}},
	} {
		mend, err := c.spoil()
		w.must(err)
		bad, _ := w.build(c.message)
		c.says[0] = w.lab.Host("web1").Addr + ": " + c.says[0]
		w.isRed(w.slipway("deploy", "--release-id", bad, "--health-timeout", c.timeout), c.says...)
		w.everyHostRuns(good, "0.1.0", goodRev)
		w.nothingLeft()
		w.must(mend())
	}
}

func TestFirstDeployThatFailsLeavesNothingRunning(t *testing.T) {
	w := newWorld(t)
	mend, err := w.project.ExitAtStart()
	w.must(err)
	bad, _ := w.build("exits at start")
	w.isRed(w.slipway("deploy", "--release-id", bad), "the release exits")
	w.nothingRuns()
	w.must(mend())
	good, rev := w.release("good")
	w.everyHostRuns(good, "0.1.0", rev)
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "ls /opt/apxr/apxr_io/releases /opt/apxr/apxr_io/.slipway/releases | sort -u | tr '\\n' ' '"); strings.Contains(got, bad) || !strings.Contains(got, good) {
			t.Errorf("%s: the release that never worked was not pruned: %s", h.Name, got)
		}
	}
}

// isRed checks that a run failed and that its output says each of these.
func (w *world) isRed(r command.Result, words ...string) {
	w.Helper()
	if r.Code != 1 {
		w.Errorf("exit %d, want 1", r.Code)
	}
	for _, word := range words {
		if !strings.Contains(r.Stdout+r.Stderr, word) {
			w.Errorf("the output does not say %q", word)
		}
	}
}

func TestRunThatDiesIsRepairedByTheNext(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	next, rev := w.build("next")
	began := w.root(w.lab.Host("web1"), "date +%s")

	for _, then := range []string{"deploy", "rollback"} {
		w.killAfterSwitch(next)
		if then == "deploy" {
			r := w.slipway("deploy", "--release-id", next)
			if r.Code != 0 || !strings.Contains(r.Stderr, "repaired: a run of") {
				t.Fatalf("the same deploy again: exit %d, %s", r.Code, r.Stderr)
			}
			w.everyHostRuns(next, "0.1.1", rev)
			w.ok("rollback")
			w.everyHostRuns(good, "0.1.0", goodRev)
			continue
		}
		if out := w.ok("rollback"); !strings.Contains(out, "Rollback to "+good) {
			t.Errorf("undoing what the dead run did is the rollback, but:\n%s", out)
		}
		w.everyHostRuns(good, "0.1.0", goodRev)
	}
	w.nothingLeft()
	// The runs were killed while the new release booted: it was given the time
	// to hear that it is to stop.
	if got := w.root(w.lab.Host("web1"), "journalctl --no-pager --unit=apxr_io --since=@"+began+" | grep 'timed out' || true"); got != "" {
		t.Errorf("a release was killed: %s", got)
	}
}

func TestRollbackAfterAFirstDeployThatDiedLeavesNothingRunning(t *testing.T) {
	w := newWorld(t)
	id, _ := w.build("good")
	w.killAfterSwitch(id)
	if out := w.ok("rollback"); !strings.HasPrefix(out, "Rollback succeeded") {
		t.Errorf("the rollback does not say how it ended:\n%s", out)
	}
	w.nothingRuns()
}

// nothingRuns checks that every web host is as before its first deploy.
func (w *world) nothingRuns() {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "systemctl is-active apxr_io || true; ls -d /opt/apxr/apxr_io/current 2>/dev/null || true"); got != "inactive" {
			w.Errorf("%s: %s", h.Name, got)
		}
	}
	w.nothingLeft()
}

// answers reports whether the application listens.
func (w *world) answers(h *lab.Host) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", h.Addr, sample.Port), time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// killAfterSwitch starts a deploy and kills it while the first host runs the new
// release, and it is not proved yet.
func (w *world) killAfterSwitch(id string) {
	w.Helper()
	// By force, since a rollback may have marked it bad.
	cmd := w.command("deploy", "--release-id", id, "--settle", "60s", "--health-timeout", "90s", "--force")
	w.must(cmd.Start())
	host := w.lab.Host("web1")
	w.waitFor("the first host to run the new release", func() bool {
		_, err := host.Run(w.Context(), nil, "test", "-e", "/opt/apxr/apxr_io/.slipway/change")
		return err == nil && w.running(host) == id
	})
	w.must(cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		w.Fatal("the run ended before it could be killed")
	}
}
