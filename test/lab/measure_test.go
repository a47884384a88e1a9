package lab_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestTrafficOfAHost(t *testing.T) {
	h := labtest.Lab(t).Host("web2")
	const sent = 1 << 20
	before := must[lab.Traffic](t)(h.Traffic(t.Context()))
	must[string](t)(h.RunAs(t.Context(), "deploy", bytes.NewReader(make([]byte, sent)), "sh", "-c", "cat >/dev/null"))
	after := must[lab.Traffic](t)(h.Traffic(t.Context()))
	if in := after.In - before.In; in < sent || in > sent*3/2 {
		t.Errorf("%d bytes came in, and 1 MB was sent", in)
	}
	if out := after.Out - before.Out; out <= 0 || out > sent/2 {
		t.Errorf("%d bytes went out", out)
	}
}

func TestProcessorTimeOfAHost(t *testing.T) {
	h := labtest.Lab(t).Host("web2")
	all, without := must[time.Duration](t)(h.ProcessorTime()), must[time.Duration](t)(h.ProcessorTimeWithout("busy.service"))
	sh(t, h, "root", `systemd-run --quiet --wait --unit=busy sh -c 'i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done'`)
	all, without = must[time.Duration](t)(h.ProcessorTime())-all, must[time.Duration](t)(h.ProcessorTimeWithout("busy.service"))-without
	if without <= 0 || all < 300*time.Millisecond || without > all/2 {
		t.Errorf("the host had %s, %s of it without the unit that was busy", all, without)
	}
}

func TestListenerOfAHost(t *testing.T) {
	h := labtest.Lab(t).Host("web2")
	pid := must[int](t)(h.ListenerPID())
	status := string(must[[]byte](t)(os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))))
	_, rest, _ := strings.Cut(status, "NSpid:")
	ids, _, _ := strings.Cut(rest, "\n")
	there := sh(t, h, "root", "systemctl show --property=MainPID --value ssh.service")
	if !strings.HasSuffix(ids, "\t"+there) {
		t.Errorf("process %d is%s, and sshd is %s on the host", pid, ids, there)
	}
}

func TestAGroupIsMeasuredAndEnded(t *testing.T) {
	g := must[*lab.Group](t)(labtest.Lab(t).NewGroup("measured"))
	dir := must[*os.File](t)(g.Open())
	defer dir.Close()
	cmd := exec.Command("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; sleep 1000 >/dev/null 2>&1 &")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if used := must[time.Duration](t)(g.ProcessorTime()); used < time.Millisecond {
		t.Errorf("it has used %s", used)
	}
	if left := must[[]int](t)(g.PIDs()); len(left) != 1 {
		t.Errorf("processes %v are left, want one", left)
	}
	if err := g.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := must[[]int](t)(g.PIDs()); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
}
