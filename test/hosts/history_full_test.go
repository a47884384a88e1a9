//go:build full

package hosts

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
)

const historyFile = base + "/.slipway/history.jsonl"

// The order is that of the lines: neither IDs nor clocks count.
func TestClocksDoNotCount(t *testing.T) {
	w := newWorld(t)
	var ids []release.ID
	for _, n := range []int{20, 12, 5} {
		ids = append(ids, w.Deploy(n))
	}
	// The lines' clocks run backwards.
	w.root(`awk '{ sub(/"at":"[^"]*"/, "\"at\":\"20" (40 - NR) "-01-01T00:00:00Z\""); print }' ` + historyFile + ` >/tmp/h && cat /tmp/h >` + historyFile)
	w.runs(ids[2])
	w.OK("rollback")
	w.runs(ids[1])
	w.OK("rollback")
	w.runs(ids[0])
}

func TestATornHistory(t *testing.T) {
	w := newWorld(t)
	first, second := w.Deploy(1), w.Deploy(2)
	w.Deploy(3)
	w.root("truncate --size=-40 " + historyFile) // a power cut: the third never entered
	w.OK("rollback")
	w.runs(first) // the stack is first, second: what is below its top
	if h := w.changes(); len(h) != 3 || h[2].Verb != release.Rollback {
		t.Errorf("the history has %d changes that can be read", len(h))
	}
	w.OK("rollback", "--release-id", string(second))
	w.runs(second)
}

func TestADamagedTargetIsRefused(t *testing.T) {
	w := newWorld(t)
	first, second, third := w.Deploy(1), w.Deploy(2), w.Deploy(3)
	w.root("echo damaged >>" + base + "/releases/" + string(second) + "/lib/app.py")
	before := w.State()
	w.Red(1, w.Slipway("rollback"), "| found:", "| expected:", "lib/app.py", "are not what was built", "the next good one here is "+string(first))
	w.Same(before)
	w.runs(third)
	w.OK("rollback", "--release-id", string(first))
	w.runs(first)
}
