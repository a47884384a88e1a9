package world

import (
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// undoLimit is how long a cancelled run may take: GitHub kills it soon after.
const undoLimit = 7 * time.Second

// NoTime reports whether a cancelled run ended before it had seen all hosts go
// back, and said so. It may do that only where the processors have been busy.
func (t T) NoTime(signalled Moment, end Ended) bool {
	t.Helper()
	t.Within(signalled, end.At, undoLimit)
	noTime := strings.Contains(end.Said(), "there was no time to see")
	if _, idle := between(signalled, end.At); noTime && idle > undoLimit/2 {
		t.Errorf("it had %s of an idle machine, and says that there was no time:\n%s", idle, end.Said())
	}
	return noTime
}

// CancelledTo checks that a run that was cancelled has taken the hosts back to a
// release, or that the next run does, if there was no time.
func (w *World) CancelledTo(good release.ID, signalled Moment, end Ended) {
	w.Helper()
	w.Red(1, end.Result)
	if w.NoTime(signalled, end) {
		w.OK("rollback", "--release-id", string(good), "SLIPWAY_WAIT_FOR_LOCK=5m")
	} else {
		w.Says(end.Said(), "put back")
	}
	w.Runs(good, nil)
}
