package lab_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// childVariable makes this test binary a child of its own tests: a process that boots web1 and then dies.
const childVariable = "SLIPWAY_LAB_TEST_CHILD"

// TestChild is what such a child runs.
func TestChild(t *testing.T) {
	switch os.Getenv(childVariable) {
	case "unguarded":
		l, err := lab.Start(t.Context(), lab.Options{Hosts: []string{"web1"}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("lab", l.Number())
		time.Sleep(time.Minute)
	case "waits":
		fmt.Println("lab", labtest.Lab(t).Number())
		time.Sleep(time.Minute)
	case "panics":
		fmt.Println("lab", labtest.Lab(t).Number())
		panic("as a test might")
	}
}

// startChild returns when the child's lab is up.
func startChild(t *testing.T, kind string) (child *exec.Cmd, number int) {
	t.Helper()
	labtest.Need(t)
	child = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childVariable+"="+kind)
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		said = append(said, lines.Text())
		if _, err := fmt.Sscanf(lines.Text(), "lab %d", &number); err == nil {
			return child, number
		}
	}
	t.Fatalf("the child started no lab: %v:\n%s", child.Wait(), strings.Join(said, "\n"))
	return nil, 0
}

func TestNextStartRemovesWhatAKilledProcessLeft(t *testing.T) {
	child, number := startChild(t, "unguarded")
	if len(traces(t, number)) < 5 {
		t.Fatalf("a running lab should show more than %q: this test looks in the wrong places", traces(t, number))
	}
	left := processes(t, number)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if len(processes(t, number)) < 5 {
		t.Fatal("the hosts died with their owner: nothing is left to remove")
	}

	// It may well claim the same number, so what is left of that shows only after its end.
	next, err := lab.Start(t.Context(), lab.Options{Hosts: []string{"web1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range left {
		if isAlive(pid) {
			t.Errorf("process %s of the killed lab is still there", pid)
		}
	}
	if err := next.Stop(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, number)
}

func TestInterruptEndsTheLab(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		child, number := startChild(t, "waits")
		if err := child.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err := child.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 130 {
			t.Errorf("after %v the tests ended with %v, want exit code 130", sig, err)
		}
		wantGone(t, number)
	}
}

func TestGuardRemovesWhatAPanicLeft(t *testing.T) {
	child, number := startChild(t, "panics")
	if err := child.Wait(); err == nil {
		t.Error("the child did not panic")
	}
	for deadline := time.Now().Add(10 * time.Second); len(traces(t, number)) > 0 && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	wantGone(t, number)
}

func TestAFailedStartLeavesNothing(t *testing.T) {
	labtest.Need(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("cut short by the test"))
	defer cancel()
	l, err := lab.Start(ctx, lab.Options{Hosts: []string{"web1"}})
	if err == nil {
		t.Fatal("it booted within 300 ms", l.Stop())
	}
	if !strings.Contains(err.Error(), "cut short") {
		t.Error(err)
	}
	wantNoOrphans(t)
}

// wantNoOrphans fails the test if there is something of a lab that nobody holds. Other test processes start and end
// labs meanwhile, so it looks again before it says so.
func wantNoOrphans(t *testing.T) {
	t.Helper()
	var orphans []string
	for range 50 {
		held := runningNumbers(t)
		orphans = slices.DeleteFunc(allTraces(t), func(line string) bool { return held[labNumber(line)] })
		if len(orphans) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("nobody holds %q", orphans)
}

// wantGone fails the test for whatever is left of a lab, unless another process has its number by now.
func wantGone(t *testing.T, number int) {
	t.Helper()
	if left := traces(t, number); len(left) > 0 && !runningNumbers(t)[number] {
		t.Errorf("lab %d has left %q", number, left)
	}
}

func runningNumbers(t *testing.T) map[int]bool {
	t.Helper()
	running, err := lab.Running()
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[int]bool{}
	for _, l := range running {
		numbers[l.Number()] = true
	}
	return numbers
}

// traces are what there is of one lab.
func traces(t *testing.T, number int) []string {
	t.Helper()
	return slices.DeleteFunc(allTraces(t), func(line string) bool { return labNumber(line) != number })
}

// allTraces looks for labs in every place that they leave something in.
func allTraces(t *testing.T) []string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(mounts), "\n")
	for _, pattern := range []string{
		"/sys/class/net/slab*", "/run/netns/slab*", "/sys/fs/cgroup/slab*", "/sys/fs/cgroup/*/slab*", "/var/lib/slipway-lab/*/*",
		"/run/systemd/nspawn/*/slab*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, paths...)
	}
	return slices.DeleteFunc(lines, func(line string) bool { return labNumber(line) == 0 })
}

var numberInName = regexp.MustCompile(`/slab(\d+)\b|/slipway-lab/(\d+)/`)

// labNumber is the number of the lab that a mount or a path belongs to, or 0.
func labNumber(line string) int {
	m := numberInName.FindStringSubmatch(line)
	if m == nil {
		return 0
	}
	number, err := strconv.Atoi(m[1] + m[2])
	if err != nil {
		return 0
	}
	return number
}

// processes are the IDs of all processes in a lab's hosts, as this machine numbers them.
func processes(t *testing.T, number int) []string {
	t.Helper()
	var pids []string
	for _, group := range traces(t, number) {
		if !strings.HasPrefix(group, "/sys/fs/cgroup/") {
			continue
		}
		err := filepath.WalkDir(group, func(path string, _ fs.DirEntry, err error) error {
			if filepath.Base(path) != "cgroup.procs" {
				return lab.IgnoreGone(err)
			}
			text, err := os.ReadFile(path)
			pids = append(pids, strings.Fields(string(text))...)
			return lab.IgnoreGone(err)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return pids
}

// isAlive leaves out zombies: when this machine's process 1 gets round to them is not the lab's business.
func isAlive(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	return err == nil && !strings.Contains(string(status), "State:\tZ")
}
