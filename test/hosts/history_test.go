package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

const historyFile = base + "/.slipway/history.jsonl"

func TestRollbackAfterPrune(t *testing.T) {
	w := anyWorld(t)
	var ids []release.ID
	for n := range 4 {
		ids = append(ids, w.deploy(n+1, "--keep-releases", "2"))
	}
	if got := w.root("ls " + base + "/releases " + base + "/.slipway/releases"); strings.Contains(got, string(ids[0])) || strings.Contains(got, string(ids[1])) || !strings.Contains(got, string(ids[2])) {
		t.Errorf("there are %s", got)
	}
	w.ok("rollback")
	w.runs(ids[2])
	w.red(1, w.run("rollback"), "release "+string(ids[1])+" is not on this host, which has "+string(ids[2]), "no other release in this host's history is good")
	w.runs(ids[2])
}

// The order is that of the lines: neither IDs nor clocks count.
func TestClocksDoNotCount(t *testing.T) {
	w := anyWorld(t)
	var ids []release.ID
	for _, n := range []int{20, 12, 5} {
		ids = append(ids, w.deploy(n))
	}
	// The lines' clocks run backwards.
	w.root(`awk '{ sub(/"at":"[^"]*"/, "\"at\":\"20" (40 - NR) "-01-01T00:00:00Z\""); print }' ` + historyFile + ` >/tmp/h && cat /tmp/h >` + historyFile)
	w.runs(ids[2])
	w.ok("rollback")
	w.runs(ids[1])
	w.ok("rollback")
	w.runs(ids[0])
}

func TestATornHistory(t *testing.T) {
	w := anyWorld(t)
	first, second := w.deploy(1), w.deploy(2)
	w.deploy(3)
	w.root("truncate --size=-40 " + historyFile) // a power cut: the third never entered
	w.ok("rollback")
	w.runs(first) // the stack is first, second: what is below its top
	if h := w.changes(); len(h) != 3 || h[2].Verb != release.Rollback {
		t.Errorf("the history has %d changes that can be read", len(h))
	}
	w.ok("rollback", "--release-id", string(second))
	w.runs(second)
}

func TestADamagedTargetIsRefused(t *testing.T) {
	w := anyWorld(t)
	first, second, third := w.deploy(1), w.deploy(2), w.deploy(3)
	w.root("echo damaged >>" + base + "/releases/" + string(second) + "/lib/app.py")
	before := w.state()
	w.red(1, w.run("rollback"), "| > f", "lib/app.py", "are not what was built", "the next good one here is "+string(first))
	if w.state() != before {
		t.Error("something was changed")
	}
	w.runs(third)
	w.ok("rollback", "--release-id", string(first))
	w.runs(first)
}

func TestPruneKeepsWhatAProcessRunsFrom(t *testing.T) {
	w := anyWorld(t)
	first := w.deploy(1, "--keep-releases", "2")
	w.root("bash -c 'exec -a " + base + "/releases/" + string(first) + "/erts/bin/epmd sleep 600' >/dev/null 2>&1 & echo $! >/run/old")
	w.cleanup("kill $(cat /run/old) 2>/dev/null; true")
	w.deploy(2, "--keep-releases", "2")
	third := w.artifact(3, light.Way{})
	w.red(0, w.run("deploy", "--release-id", string(third), "--keep-releases", "2"), "kept "+string(first)+": a process still runs from it")
	w.root("test -e " + base + "/releases/" + string(first) + "/lib/app.py; kill $(cat /run/old)")
	fourth := w.artifact(4, light.Way{})
	w.red(0, w.run("deploy", "--release-id", string(fourth), "--keep-releases", "2"), "removed "+string(first))
}

// A deploy that works is not red because of what is left of others.
func TestPruneThatFailsIsANotice(t *testing.T) {
	w := anyWorld(t)
	first := w.deploy(1, "--keep-releases", "2")
	stuck := base + "/releases/" + string(first) + "*/lib/app.py"
	w.root("chattr +i " + stuck)
	w.cleanup("chattr -i " + stuck + " 2>/dev/null; true")
	w.deploy(2, "--keep-releases", "2")
	third := w.artifact(3, light.Way{})
	w.red(0, w.run("deploy", "--release-id", string(third), "--keep-releases", "2"), "note: ", "old releases were not removed", "Operation not permitted")
	w.root("! test -e " + base + "/releases/" + string(first)) // never half a release under its name
	fourth := w.artifact(4, light.Way{})
	w.red(0, w.run("deploy", "--release-id", string(fourth), "--keep-releases", "2"), "old releases were not removed")
	w.root("! test -e " + base + "/releases/20240102T000000") // what can go went
	if got := w.answer().Release; got != string(fourth) {
		t.Errorf("%s answers", got)
	}
	w.red(0, w.run("rollback"), "note: ", "cannot remove the leftovers of dead runs", "Rollback to "+string(third))
	w.root("chattr -i " + stuck)
	w.runs(w.deploy(5, "--keep-releases", "2"))
}
