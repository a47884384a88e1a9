package host_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

func TestAHostWhoseConnectionBreaksGoesBackOverANewOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h, to := s.staged(s.release(2, false), func(p *host.Plan) { p.After = "exit 1" })
	s.failed(h.Activate(t.Context(), to))
	s.cut()
	h.GoBack(t.Context(), "the connection broke")
	if r := h.Result(); r.Outcome != host.Reverted || r.After != one.ID || s.current() != "releases/"+string(one.ID) {
		t.Errorf("%+v, current %s", r, s.current())
	}
	s.says("the connection was lost: connecting again")
}

func TestAHostThatCannotBeReachedAgainKeepsItsChangeRecord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	s.cut()
	s.dial = errors.New("no route to host")
	h.GoBack(t.Context(), "web2 failed")
	r := h.Result()
	if r.Outcome != host.Failed || r.After != to.ID || !h.Switched() {
		t.Errorf("%+v", r)
	}
	s.failed(r.Err(), "web2 failed; going back to", "connecting again: no route to host", "systemctl status app.service", "the next deploy or rollback repairs this host first")
	s.failed(h.Conclude(t.Context()), "no route to host")
	if _, err := os.Stat(s.path("opt/app/.slipway/change")); err != nil {
		t.Errorf("its change record: %v", err)
	}
}

// A host that was never told to go back does not end that by itself.
func TestAnUnreachableHostIsNotReportedAsGoingBackAfterACancel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	s.cut()
	s.dial = errors.New("no route to host")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.GoBack(ctx, "cancelled")
	if r := h.Result(); r.Outcome != host.Failed || strings.Contains(r.Err().Error(), "by itself") {
		t.Errorf("%+v", r)
	}
	s.failed(h.Result().Err(), "cancelled; going back to", "no route to host", "log in and look at")
}

// A run that was suspended may continue after another run has repaired the
// host.
func TestAHostThatAnotherRunHasChangedIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	s.cut()
	other := s.meet(release.Deploy, nil)
	s.must(other.Repair(t.Context()))
	s.must(other.Close())
	h.GoBack(t.Context(), "web2 failed")
	r := h.Result()
	if r.Outcome != host.Failed || r.After != one.ID || h.Switched() {
		t.Errorf("%+v", r)
	}
	s.failed(r.Err(), "web2 failed; this run lost the lock, and another run has changed the host since")
}

func TestAHostThatWasNotSwitchedYetIsStillThisRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.conns[len(s.conns)-1].broken = func(command string) error {
		if strings.Contains(command, "step.activate") {
			s.cut()
			return errCut
		}
		return nil
	}
	s.failed(h.Activate(t.Context(), to), "the connection was cut")
	h.GoBack(t.Context(), "it was cut")
	if r := h.Result(); r.Outcome != host.Reverted || r.After != one.ID {
		t.Errorf("%+v", r)
	}
}

func TestALostLockChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h, to := s.staged(s.release(1, false), nil)
	s.cut()
	var err error
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if err = h.Activate(t.Context(), to); err != nil && strings.Contains(err.Error(), "this run has lost the lock") {
			break // the holder of the lock notices the lost connection a moment later
		}
	}
	s.failed(h.Result().Err(), "this run has lost the lock", "nothing was ")
	if s.current() != "" {
		t.Errorf("current is %s", s.current())
	}
}

func TestWhatDoesNotRestartDoesNotGoBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h, to := s.staged(s.release(2, true), nil)
	s.failed(h.Activate(t.Context(), to))
	s.must(os.WriteFile(s.path("refuse-restart"), nil, 0o644))
	s.must(os.WriteFile(s.path("no-log"), nil, 0o644))
	h.GoBack(t.Context(), "it is bad")
	r := h.Result()
	s.failed(r.Err(), "it is bad; going back to "+string(one.ID)+" failed too", "systemctl restart app.service failed")
	if r.Outcome != host.Failed || r.After != to.ID || len(r.UnitLog) != 1 || !strings.Contains(r.UnitLog[0], "the unit log cannot be read") {
		t.Errorf("%+v", r)
	}
	h.Close()

	h = s.meet(release.Deploy, nil)
	s.failed(h.Repair(t.Context()), "a run of ", "died in the middle of a change to "+string(at(2)), "it runs nothing, and current leads to "+string(one.ID))
	s.must(os.Remove(s.path("refuse-restart")))
	h.Close()
	h = s.meet(release.Deploy, nil)
	s.must(h.Repair(t.Context()))
	s.says("repaired: a run of ")
}

// The history of a host is read by runs that do not know the secrets.
func TestWhatAReleaseLogsOfASecretIsHidden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hide = []string{"says goodbye-for-ever", "hunter2-hunter2"}
	s.deploy(1)
	h, to := s.staged(s.release(2, true), nil)
	s.failed(h.Activate(t.Context(), to))
	h.GoBack(t.Context(), "no hunter2-hunter2 here")
	if r := h.Result(); !slices.Equal(r.UnitLog, []string{"app[7]: it ***"}) { // the end of the line is more than half of the secret
		t.Errorf("%q", r.UnitLog)
	}
	h.Close()
	history := s.meet(release.Deploy, nil).Seen().History
	if last := history[len(history)-1]; last.Reason != "no *** here" {
		t.Errorf("%+v", last)
	}
}

// The next deploy must be able to fix a release that no longer starts.
func TestARepairGoesBackToWhatNoLongerWorks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	h.Close()
	s.must(os.Remove(s.path("opt/app/releases", string(at(1)), "bin/app"))) // not one moment runs as the release
	s.must(os.MkdirAll(s.path("opt/app/releases", string(at(3))+".part"), 0o755))
	h = s.meet(release.Deploy, nil)
	s.must(h.Repair(t.Context()))
	s.says("runs again and is not healthy", "removed what a run that died has left: [releases/"+string(at(3))+".part]")
}

func TestATakeBackThatFailsSaysWhatRuns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, two := s.deploy(1), s.deploy(2)
	s.must(os.Remove(s.path("opt/app/releases", string(one.ID), "bin/app"))) // not one moment runs as the release
	h := s.meet(release.Revert, nil)
	h.TakeBack(t.Context(), one)
	s.failed(h.Result().Err(), "taking "+string(two.ID)+" back; going back to "+string(one.ID)+" failed too")
	if h.Result().Outcome != host.Failed || len(h.Result().UnitLog) == 0 {
		t.Errorf("%+v", h.Result())
	}
}

func TestAHistoryThatCannotBeWrittenIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	s.deploy(2)
	full := func(command string) error {
		if strings.Contains(command, "step.conclude") {
			return errors.New("no space left on device")
		}
		return nil
	}
	h, to := s.staged(s.release(3, true), nil)
	s.failed(h.Activate(t.Context(), to))
	s.conns[len(s.conns)-1].broken = full
	h.GoBack(t.Context(), "it is bad")
	s.failed(h.Result().Err(), "it is bad; it is back on "+string(at(2))+", but its history could not be written: ", "no space left")
	h.Close()

	h = s.meet(release.Revert, nil)
	s.must(h.Repair(t.Context()))
	s.conns[len(s.conns)-1].broken = full
	h.TakeBack(t.Context(), one)
	s.failed(h.Result().Err(), "it runs "+string(one.ID)+", but its history could not be written")
}

func TestACancelLeavesNoTimeToSeeAHostGoBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.GoBack(ctx, "cancelled")
	if h.Result().Outcome != host.GoingBack {
		t.Errorf("it is %s", h.Result().Outcome)
	}
	s.failed(h.Result().Err(), "cancelled; there was no time to see it go back to "+string(at(1))+": the host ends that by itself")
}

func TestARecordWhoseChangeWasConcludedIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h, to := s.staged(s.release(2, false), nil)
	s.must(h.Activate(t.Context(), to))
	record, err := os.ReadFile(s.path("opt/app/.slipway/change"))
	s.must(err)
	s.must(h.Conclude(t.Context()))
	h.Close()
	s.must(os.WriteFile(s.path("opt/app/.slipway/change"), record, 0o644)) // as if the run had died just before its removal
	h = s.meet(release.Deploy, nil)
	if h.Seen().Change == nil || h.Seen().Dead() != nil || h.Seen().Settled() != to.Activation {
		t.Errorf("%+v", h.Seen().Change)
	}
	s.must(h.Repair(t.Context()))
	h.Close()
	if h = s.meet(release.Deploy, nil); h.Seen().Change != nil || h.Seen().Current != to.Activation {
		t.Errorf("%+v, current %s", h.Seen().Change, h.Seen().Current)
	}
}
