package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

func TestActivateRecordsThenSwitchesThenRestarts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	change := record("1")
	line, err := change.JSON()
	must(t, err)
	must(t, activate(t.Context(), s, r2, &change, nil))
	log := fmt.Sprintf("restart app.service current=releases/%[1]s record=%[2]s\n", r2, line)
	if got := s.read("systemctl.log"); got != log {
		t.Errorf("got\n%s\nwant\n%s", got, log)
	}
	if s.read(".slipway", "change") != line+"\n" {
		t.Error("the record is not what was given")
	}
	if fds := s.read("fds.log"); fds == "" || strings.Contains(fds, "critical") {
		t.Errorf("a child has the lock of the critical section:\n%s", fds)
	}
}

func TestTheRecordIsThereBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r2), "f")
	s.command("ln", `cat "$BASE/.slipway/change" >"$BASE/seen"; exit 1`)
	change := record("1")
	wantReason(t, activate(t.Context(), s, r2, &change, nil), "cannot switch")
	if s.read("seen") == "" || s.read("systemctl.log") != "" {
		t.Errorf("record at the switch: %q; systemctl: %q", s.read("seen"), s.read("systemctl.log"))
	}
	must(t, s.host(nil).Forget(t.Context(), "1"))
	s.command("sync", "exit 1")
	wantReason(t, activate(t.Context(), s, r2, &change, nil), "cannot write the change record")
}

func TestActivateWithoutARecordLeavesTheOneThatIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	kept := `{"key":"1","verb":"deploy"}` + "\n"
	s.write(kept, ".slipway", "change")
	must(t, activate(t.Context(), s, r1, nil, nil))
	if s.read(".slipway", "change") != kept {
		t.Error("the record was changed")
	}
}

// A power cut may tear a record that was being written. Its change had not
// switched anything.
func TestATornRecordIsNone(t *testing.T) {
	t.Parallel()
	whole, err := begun.JSON()
	must(t, err)
	for _, torn := range []string{"", whole[:20], "\x00\x00\x00\x00"} {
		s := newSite(t)
		s.write("x", "releases", string(r1), "f")
		s.write(torn, ".slipway", "change")
		if in := s.inspect(); in.Change != nil {
			t.Errorf("%q: %+v", torn, in.Change)
		}
		must(t, activate(t.Context(), s, r1, &begun, nil))
		if s.read(".slipway", "change") != whole+"\n" {
			t.Errorf("%q: the record is %q", torn, s.read(".slipway", "change"))
		}
		s.write(torn, ".slipway", "change")
		must(t, s.host(nil).Tidy(t.Context()))
		if s.read(".slipway", "change") != "" {
			t.Errorf("%q: it is still there", torn)
		}
	}
}

// systemd refuses a unit that was restarted too often. The release is not the reason.
// If a release before kept failing, its result remains.
func TestAStartLimitIsReset(t *testing.T) {
	t.Parallel()
	for result, again := range map[string]bool{"start-limit-hit": true, "exit-code": true, "signal": true, "success": false, "timeout": false} {
		s := newSite(t)
		s.write("x", "releases", string(r1), "f")
		s.command("systemctl", `case "$*" in
			*--property=Result*) echo Result=`+result+` ;;
			show*) printf 'MainPID=0\n\n' ;;
			*) echo "$*" >>"$BASE/systemctl.log"; [ "$1" != restart ] || [ "$(grep -c restart "$BASE/systemctl.log")" = 2 ] ;;
			esac`)
		err := activate(t.Context(), s, r1, &begun, nil)
		want := "restart app.service\n"
		if again {
			must(t, err)
			want += "reset-failed app.service\n" + want
		} else {
			wantReason(t, err, "systemctl restart app.service failed")
		}
		if got := s.read("systemctl.log"); got != want {
			t.Errorf("%s: %q", result, got)
		}
	}
}

// A full disk has no room for a new link.
func TestTheWayBackNeedsNoPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink(s.path("releases", string(r1)), s.path("current")))
	change := record("1")
	must(t, activate(t.Context(), s, r2, &change, nil))
	must(t, s.host(nil).Tidy(t.Context())) // the next run may do this if this one dies now
	s.command("ln", "exit 1")
	for range 2 {
		must(t, activate(t.Context(), s, r1, nil, nil))
		if got, err := os.Readlink(s.path("current")); err != nil || got != "releases/"+string(r1) {
			t.Errorf("current is %q, %v", got, err)
		}
	}
	must(t, s.host(nil).Conclude(t.Context(), change))
	change.Key = key2
	wantReason(t, activate(t.Context(), s, r2, &change, nil), "cannot write "+s.path(".slipway", "back"))
	if got, _ := os.Readlink(s.path("current")); got != "releases/"+string(r1) {
		t.Errorf("without a way back, current is %q", got)
	}
}

func TestConcludedChangesLeaveNoWayBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	change := record("1")
	must(t, activate(t.Context(), s, r2, &change, nil))
	if in := s.inspect(); len(in.Leftovers) > 0 {
		t.Errorf("left over in the middle of a change: %q", in.Leftovers)
	}
	must(t, s.host(nil).Conclude(t.Context(), change))
	if _, err := os.Lstat(s.path(".slipway", "back")); !os.IsNotExist(err) {
		t.Errorf("the way back is there: %v", err)
	}
}

func TestActivateNothingRemovesCurrentAndStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	wantReason(t, activate(t.Context(), s, "", nil, nil), "there is no change record in "+s.State()+", and current does not lead to nothing")
	s.write(`{"key":"1","verb":"deploy"}`, ".slipway", "change")
	must(t, activate(t.Context(), s, "", nil, nil))
	if _, err := os.Lstat(s.path("current")); !os.IsNotExist(err) {
		t.Error("current is still there")
	}
	if got := s.read("systemctl.log"); !strings.Contains(got, "stop app.service current= record={\"key\":\"1\",\"verb\":\"deploy\"}\n") || strings.Contains(got, "restart") {
		t.Error(got)
	}
	must(t, os.Remove(s.path(".slipway", "change")))
	must(t, activate(t.Context(), s, "", nil, nil)) // again, when nothing is left to do
}

func TestActivateFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	change := record("1")
	wantReason(t, activate(t.Context(), s, r2, &change, nil), "is not there")
	if s.read(".slipway", "change") != "" || s.read("systemctl.log") != "" {
		t.Error("something was changed for a release that is not there")
	}
	s.write("x", "releases", string(r2), "f")
	s.write("", "fail.restart")
	var log strings.Builder
	wantReason(t, activate(t.Context(), s, r2, &change, &log), "systemctl restart app.service failed")
	if !strings.Contains(log.String(), "systemctl says=restart") {
		t.Errorf("log %q", log.String())
	}
}

func TestActivateFinishesWithoutItsCaller(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hangup = true
	s.write("x", "releases", string(r2), "f")
	s.command("systemctl", `[ "$1" != show ] || exit 0; echo "$1" >>"$BASE/began"; sleep 0.2; echo noise; echo "$1" >>"$BASE/done"`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- activate(ctx, s, r2, &begun, nil) }()
	s.until("began", "restart\n")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller was told %v", err)
	}
	s.until("done", "restart\n")
}

func TestActivateLetsAYoungProcessBoot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		started string // start of the main process, in microseconds since the boot 1000 s ago
		pid     int
		waits   string
	}{
		"just started":         {"1000000000", 7, "2.00\n"},
		"half a second ago":    {"999500000", 7, "1.50\n"},
		"almost 2 s ago":       {"998010000", 7, "0.01\n"},
		"2 s ago":              {"998000000", 7, ""},
		"a minute ago":         {"940000000", 7, ""},
		"a clock that is late": {"1000010000", 7, ""},
		"another clock":        {"1060000000", 7, ""},
		"no time of a start":   {"", 7, ""},
		"no time at all":       {"0", 7, ""},
		"not running":          {"1000000000", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("x", "releases", string(r2), "f")
			s.write("1000.00 3999.00\n", "uptime")
			s.write("99.00 99.00 99.00 1/2 3\n", "loadavg") // a busy host does not wait longer
			s.edit = strings.NewReplacer("/proc/uptime", `"$BASE/uptime"`).Replace
			s.command("sleep", `echo "$1" >>"$BASE/slept"`)
			s.command("systemctl", fmt.Sprintf(`[ "$1" != show ] || printf 'MainPID=%d\nExecMainStartTimestampMonotonic=%s\n\n'`, c.pid, c.started))
			must(t, activate(t.Context(), s, r2, &begun, nil))
			if slept := s.read("slept"); slept != c.waits {
				t.Errorf("it waits %q s, want %q", slept, c.waits)
			}
		})
	}
}

func activate(ctx context.Context, s *site, id release.ID, record *release.Change, log io.Writer) error {
	_, err := s.host(log).Activate(ctx, Switch{Units: []string{unit}, To: release.Activation{ID: id}, Record: record, Change: begun.Key})
	return err
}

func (s *site) until(file, want string) {
	s.t.Helper()
	for range 100 {
		if s.read(file) == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("%s has %q after 2 s, want %q", file, s.read(file), want)
}

func TestCurrentIsNeverMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.write("x", "releases", string(r2), "f")
	must(t, os.Symlink("releases/"+string(r1), s.path("current")))
	c := call{script: "activate", args: args{{"base", s.Base}, {"token", ours}, {"change", ""}, {"units", unit}, {"link", "releases/" + string(r1)}, {"back", ""}, {"record", ""}, {"restart", "systemctl"}}}
	s.edit = func(text string) string {
		loop := fmt.Sprintf("main() { n=0; while [ $n -lt 40 ]; do n=$((n + 1)); (link=releases/%s; switch); (link=releases/%s; switch); done; }\nswitch() {\n", r1, r2)
		text = strings.ReplaceAll(text, "readonly", "export")
		return strings.Replace(strings.Replace(text, "point_current() {\n", loop, 1), "main() {\n", "unused() {\n", 1)
	}
	var done atomic.Bool
	looks := make(chan int, 1)
	go func() {
		n := 0
		for ; !done.Load(); n++ {
			if _, err := os.Stat(s.path("current", "f")); err != nil {
				t.Errorf("look %d: %v", n, err)
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		looks <- n
	}()
	err := c.run(t.Context(), s)
	done.Store(true)
	if n := <-looks; n < 200 {
		t.Errorf("looked %d times only", n)
	}
	must(t, err)
	if got, _ := os.Readlink(s.path("current")); got != "releases/"+string(r2) {
		t.Errorf("current is %s", got)
	}
}
