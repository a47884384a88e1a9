//go:build full

package e2e

import (
	"strings"
	"testing"
)

// built remembers the artifacts of the commits that were built: a commit of the
// same files is the same commit.
var built = map[string]string{}

// build pushes the developer's files as they are and builds them.
func (w *site) build(message string) (id, revision string) {
	w.Helper()
	revision = w.push(message)
	if built[revision] == "" {
		built[revision] = strings.TrimSpace(w.OK("build-release", "--revision", revision).Stdout)
	}
	return built[revision], revision
}

// release builds the developer's files as they are and deploys them.
func (w *site) release(message string) (id, revision string) {
	w.Helper()
	id, revision = w.build(message)
	w.OK("deploy", "--release-id", id)
	return id, revision
}

func TestDeployTwiceAndRollBack(t *testing.T) {
	w := newSite(t)
	first, firstRev := w.release("good")
	w.everyHostRuns(first, health{Version: "0.1.0", Revision: firstRev})

	w.Must(w.project.SetVersion("0.1.0", "0.1.1"))
	second, secondRev := w.release("next")
	w.everyHostRuns(second, health{Version: "0.1.1", Revision: secondRev})

	if out := w.OK("deploy", "--release-id", second).Stdout; strings.Count(out, "unchanged") != 2 {
		t.Errorf("the same deploy again does not say that nothing changed:\n%s", out)
	}
	if out := w.OK("deploy", "--release-id", first).Stdout; !strings.Contains(out, "was superseded") {
		t.Errorf("an older commit that comes late is not superseded:\n%s", out)
	}
	w.everyHostRuns(second, health{Version: "0.1.1", Revision: secondRev})
	w.alone(func() {
		if out := w.OK("rollback").Stdout; !strings.Contains(out, "Rollback to "+first) {
			t.Errorf("the rollback does not say where it went:\n%s", out)
		}
	})
	w.everyHostRuns(first, health{Version: "0.1.0", Revision: firstRev})
	w.nothingLeft()
	w.Red(1, w.Slipway("deploy", "--release-id", second), "was rolled back", "by tester@", "use force")

	if r := w.Slipway("rollback"); r.Code != 1 || !strings.Contains(r.Stderr, "nothing to roll back to") {
		t.Errorf("below the first release there is nothing, but: exit %d, %s", r.Code, r.Stderr)
	}
	w.OK("rollback", "--release-id", second)
	w.everyHostRuns(second, health{Version: "0.1.1", Revision: secondRev})
}

// sshd hands every command to the user's login shell first.
func TestAnyLoginShellOfTheDeployUserWillDo(t *testing.T) {
	w := newSite(t)
	id, rev := w.release("good")
	for _, shell := range []string{"/usr/bin/fish", "/usr/bin/tcsh", "/bin/dash"} {
		for _, h := range w.lab.WebHosts() {
			w.root(h, "usermod --shell "+shell+" deploy")
			defer w.root(h, "usermod --shell /bin/bash deploy")
		}
		w.OK("deploy", "--release-id", id)
	}
	w.everyHostRuns(id, health{Version: "0.1.0", Revision: rev})
}

func TestReleaseThatDoesNotWorkIsPutBack(t *testing.T) {
	w := newSite(t)
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
		w.Must(err)
		bad, _ := w.build(c.message)
		c.says[0] = w.lab.Host("web1").Addr + ": " + c.says[0]
		w.Red(1, w.Slipway("deploy", "--release-id", bad, "--health-timeout", c.timeout), c.says...)
		w.everyHostRuns(good, health{Version: "0.1.0", Revision: goodRev})
		w.nothingLeft()
		w.Must(mend())
	}
}

func TestFirstDeployThatFailsLeavesNothingRunning(t *testing.T) {
	w := newSite(t)
	mend, err := w.project.ExitAtStart()
	w.Must(err)
	bad, _ := w.build("exits at start")
	w.Red(1, w.Slipway("deploy", "--release-id", bad), "the release exits")
	w.nothingRuns()
	w.Must(mend())
	good, rev := w.release("good")
	w.everyHostRuns(good, health{Version: "0.1.0", Revision: rev})
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "ls /opt/apxr/apxr_io/releases /opt/apxr/apxr_io/.slipway/releases | sort -u | tr '\\n' ' '"); strings.Contains(got, bad) || !strings.Contains(got, good) {
			t.Errorf("%s: the release that never worked was not pruned: %s", h.Name, got)
		}
	}
}

func TestRunThatDiesIsRepairedByTheNext(t *testing.T) {
	w := newSite(t)
	good, goodRev := w.release("good")
	w.Must(w.project.SetVersion("0.1.0", "0.1.1"))
	next, rev := w.build("next")
	began := w.root(w.lab.Host("web1"), "date +%s")

	for _, then := range []string{"deploy", "rollback"} {
		w.killAfterSwitch(next)
		if then == "deploy" {
			r := w.Slipway("deploy", "--release-id", next)
			if r.Code != 0 || !strings.Contains(r.Stderr, "repaired: a run of") {
				t.Fatalf("the same deploy again: exit %d, %s", r.Code, r.Stderr)
			}
			w.everyHostRuns(next, health{Version: "0.1.1", Revision: rev})
			w.OK("rollback")
			w.everyHostRuns(good, health{Version: "0.1.0", Revision: goodRev})
			continue
		}
		if out := w.OK("rollback").Stdout; !strings.Contains(out, "Rollback to "+good) {
			t.Errorf("undoing what the dead run did is the rollback, but:\n%s", out)
		}
		w.everyHostRuns(good, health{Version: "0.1.0", Revision: goodRev})
	}
	w.nothingLeft()
	// The runs were killed while the new release booted: it was given the time
	// to hear that it is to stop.
	if got := w.root(w.lab.Host("web1"), "journalctl --no-pager --unit=apxr_io --since=@"+began+" | grep 'timed out' || true"); got != "" {
		t.Errorf("a release was killed: %s", got)
	}
}

func TestRollbackAfterAFirstDeployThatDiedLeavesNothingRunning(t *testing.T) {
	w := newSite(t)
	id, _ := w.build("good")
	w.killAfterSwitch(id)
	if out := w.OK("rollback").Stdout; !strings.Contains(out, " is rolled back, to no release at all") {
		t.Errorf("the rollback does not say how it ended:\n%s", out)
	}
	w.nothingRuns()
}

// nothingRuns checks that every web host is as before its first deploy.
func (w *site) nothingRuns() {
	w.Helper()
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "systemctl is-active apxr_io || true; ls -d /opt/apxr/apxr_io/current 2>/dev/null || true"); got != "inactive" {
			w.Errorf("%s: %s", h.Name, got)
		}
	}
	w.nothingLeft()
}
