package e2e

import (
	"strings"
	"testing"
)

func TestDeployTwiceAndRollBack(t *testing.T) {
	w := newWorld(t)
	first, firstRev := w.release("first")
	w.everyHostRuns(first, "0.1.0", firstRev)

	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	second, secondRev := w.release("second")
	w.everyHostRuns(second, "0.1.1", secondRev)

	if out := w.ok("deploy", "--release-id", second); strings.Count(out, "unchanged") != 2 {
		t.Errorf("the same deploy again does not say that nothing changed:\n%s", out)
	}
	if out := w.ok("rollback"); !strings.Contains(out, "Rollback to "+first) {
		t.Errorf("the rollback does not say where it went:\n%s", out)
	}
	w.everyHostRuns(first, "0.1.0", firstRev)
	w.nothingLeft()

	if r := w.slipway("rollback"); r.code != 1 || !strings.Contains(r.stderr, "nothing to roll back to") {
		t.Errorf("below the first release there is nothing, but: exit %d, %s", r.code, r.stderr)
	}
	w.ok("rollback", "--release-id", second)
	w.everyHostRuns(second, "0.1.1", secondRev)
}

func TestReleaseThatExitsAtStartIsPutBack(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	_, err := w.project.ExitAtStart()
	w.must(err)
	bad := w.ok("build-release", "--revision", w.push("exits at start"))

	r := w.slipway("deploy", "--release-id", bad)
	host := w.lab.Host("web1").Addr
	w.isRed(r, host+": the release exits", "the sample exits at start")
	w.everyHostRuns(good, "0.1.0", goodRev)
	w.nothingLeft()
}

func TestReleaseThatAnswers500IsPutBack(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	_, err := w.project.Answer500()
	w.must(err)
	bad := w.ok("build-release", "--revision", w.push("answers 500"))

	r := w.slipway("deploy", "--release-id", bad, "--health-timeout", "5s")
	host := w.lab.Host("web1").Addr
	w.isRed(r, host+": not proved within 5s", "answers 500 Internal Server Error", "apxr_io 0.1.0, revision")
	w.everyHostRuns(good, "0.1.0", goodRev)
	w.nothingLeft()
}

func TestFirstDeployThatFailsLeavesNothingRunning(t *testing.T) {
	w := newWorld(t)
	mend, err := w.project.ExitAtStart()
	w.must(err)
	bad := w.ok("build-release", "--revision", w.push("exits at start"))
	w.isRed(w.slipway("deploy", "--release-id", bad), "the release exits")
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "systemctl is-active apxr_io || true; ls -d /opt/apxr/apxr_io/current 2>/dev/null || true"); got != "inactive" {
			t.Errorf("%s: %s", h.Name, got)
		}
	}
	w.nothingLeft()
	w.must(mend())
	good, rev := w.release("good")
	w.everyHostRuns(good, "0.1.0", rev)
}

// isRed checks that a run failed and that its output says each of these.
func (w *world) isRed(r result, words ...string) {
	w.Helper()
	if r.code != 1 {
		w.Errorf("exit %d, want 1", r.code)
	}
	for _, word := range words {
		if !strings.Contains(r.stdout+r.stderr, word) {
			w.Errorf("the output does not say %q", word)
		}
	}
}

func TestRunThatDiesIsRepairedByTheNext(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	rev := w.push("next")
	next := w.ok("build-release", "--revision", rev)

	for _, then := range []string{"deploy", "rollback"} {
		w.killAfterSwitch(next)
		if then == "deploy" {
			r := w.slipway("deploy", "--release-id", next)
			if r.code != 0 || !strings.Contains(r.stderr, "repaired: a run of") {
				t.Fatalf("the same deploy again: exit %d, %s", r.code, r.stderr)
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
}

// killAfterSwitch starts a deploy and kills it while the first host runs the new
// release, and it is not proved yet.
func (w *world) killAfterSwitch(id string) {
	w.Helper()
	cmd := w.command("deploy", "--release-id", id, "--settle", "60s")
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
