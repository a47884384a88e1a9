package scale

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/simssh"
)

// figures is what a run took.
type figures struct {
	code    int
	wall    time.Duration
	own     time.Duration // processor time of the slipway process
	servers time.Duration // of this process, that is of the simulated sshds
	peakKiB int           // of the slipway process's memory
	files   int           // most that it had open
	threads int
	seen    simssh.Seen // by the hosts, in this run
	log     []line
	stdout  string
}

// line is one of the log, with when it came.
type line struct {
	at   time.Duration // since the run began
	text string
}

// run runs the command line and measures it.
func (w *scene) run(env []string, args ...string) figures {
	w.Helper()
	path, err := command.Program()
	w.Must(err)
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = env
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	w.Must(err)
	before, servers, began := w.fleet.Seen(), ownTime(), time.Now()
	w.Must(cmd.Start())
	var f figures
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(ctx, cmd.Process.Pid) })
	f.log = lines(stderr, began)
	cmd.Wait() // how it ended is in its state
	f.wall = time.Since(began)
	cancel()
	watching.Wait()
	f.code, f.stdout = cmd.ProcessState.ExitCode(), stdout.String()
	f.own = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f.servers = ownTime() - servers
	f.seen = since(before, w.fleet.Seen())
	return f
}

func lines(r io.Reader, began time.Time) (all []line) {
	for s := bufio.NewScanner(r); s.Scan(); {
		all = append(all, line{time.Since(began), s.Text()})
	}
	return all
}

// watch looks at the process again and again. The kernel's own maximum, which
// comes with the exit status, is of no use: it begins with the memory of who
// started the process, and that is this test with all its servers.
func (f *figures) watch(ctx context.Context, pid int) {
	for {
		f.peakKiB = max(f.peakKiB, status(pid, "VmHWM:"))
		f.threads = max(f.threads, status(pid, "Threads:"))
		if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil {
			f.files = max(f.files, len(open))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// status is a number of /proc/PID/status; 0 once the process is gone.
func status(pid int, name string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\n"+name)
	number, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), "\n")
	number, _, _ = strings.Cut(number, " ")
	n, _ := strconv.Atoi(number)
	return n
}

// ownTime is the processor time of this process, without its children.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func since(before, now simssh.Seen) simssh.Seen {
	now.Accepted -= before.Accepted
	now.LoggedIn -= before.LoggedIn
	now.Channels -= before.Channels
	now.In -= before.In
	now.Out -= before.Out
	now.Processor -= before.Processor
	for name, n := range before.Steps {
		if now.Steps[name] -= n; now.Steps[name] == 0 {
			delete(now.Steps, name)
		}
	}
	return now
}

// tell prints the figures of a run on so many hosts.
func (w *scene) tell(what string, f figures, hosts int) {
	w.Helper()
	n := time.Duration(hosts)
	w.Logf("%s, %d hosts: exit %d after %.1f s", what, hosts, f.code, f.wall.Seconds())
	w.Logf("  slipway: processor %.1f s (%.1f ms a host), peak memory %.1f MiB, %d files open, %d threads",
		f.own.Seconds(), float64((f.own/n).Microseconds())/1e3, float64(f.peakKiB)/1024, f.files, f.threads)
	all := f.own + f.servers + f.seen.Processor
	w.Logf("  simulated hosts: processor %.1f s for scripts, %.1f s for SSH: slipway's share of all is %.0f %%",
		f.seen.Processor.Seconds(), f.servers.Seconds(), 100*f.own.Seconds()/all.Seconds())
	w.Logf("  connections %d, logins %d, channels %d (%.1f a host), sent %.1f MB (%.0f kB a host), received %.1f MB",
		f.seen.Accepted, f.seen.LoggedIn, f.seen.Channels, float64(f.seen.Channels)/float64(hosts),
		float64(f.seen.In)/1e6, float64(f.seen.In)/1e3/float64(hosts), float64(f.seen.Out)/1e6)
	w.Logf("  scripts %v", f.seen.Steps)
	for _, p := range f.phases() {
		w.Logf("  at %6.1f s: %s", p.at.Seconds(), p.text)
	}
}

// phases is the log without the lines of hosts.
func (f figures) phases() (phases []line) {
	for _, l := range f.log {
		if strings.HasPrefix(l.text, "==> ") {
			phases = append(phases, l)
		}
	}
	return phases
}

// ok fails the test unless the run succeeded.
func (w *scene) ok(f figures) {
	w.Helper()
	if f.code == 0 {
		return
	}
	for _, l := range f.log[max(0, len(f.log)-60):] {
		w.Logf("%6.1f s %s", l.at.Seconds(), l.text)
	}
	w.Fatalf("exit %d: %s", f.code, f.stdout)
}
