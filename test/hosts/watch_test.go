package hosts

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
)

// free has the hosts that no parallel test uses. Those run when all others have
// ended, so a host that another test names is free then.
var free = func() chan string {
	hosts := make(chan string, 4)
	for n := range cap(hosts) {
		hosts <- fmt.Sprintf("web%d", n+1)
	}
	return hosts
}()

// anyWorld is for a test that may run beside others, on whichever host is free:
// most of its time goes by with waiting.
func anyWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	host := <-free
	t.Cleanup(func() { free <- host })
	return newWorld(t, host)
}

// told is a line that a run printed while it worked, and when.
type told struct {
	at   time.Time
	text string
}

// watched runs a verb as run does, and notes when it said what.
func (w *world) watched(words ...string) (command.Result, []told) {
	w.Helper()
	settings, args := split(words)
	cmd := w.command(settings, args...)
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	var lines []told
	for s := bufio.NewScanner(stderr); s.Scan(); {
		lines = append(lines, told{time.Now(), s.Text()})
	}
	_ = cmd.Wait() // how it ended is its exit status
	r := command.Result{Stdout: stdout.String(), Code: cmd.ProcessState.ExitCode()}
	for _, l := range lines {
		r.Stderr += l.text + "\n"
	}
	w.Logf("slipway %s: exit %d\n%s%s", strings.Join(args, " "), r.Code, r.Stderr, r.Stdout)
	return r, lines
}

// said is when the first line with this text came; zero if none did.
func said(lines []told, text string) time.Time {
	for _, l := range lines {
		if strings.Contains(l.text, text) {
			return l.at
		}
	}
	return time.Time{}
}

// seen is one answer that the host got from the application, or that there was
// none.
type seen struct {
	at   time.Time
	text string
}

// poll asks the application ten times a second, on the host itself, until the
// function that it returns is called. A lab's hosts have this machine's clock.
func (w *world) poll() (stop func() []seen) {
	ctx, cancel := context.WithCancel(w.Context())
	pipe, out := io.Pipe()
	var all []seen
	var done sync.WaitGroup
	done.Go(func() {
		for s := bufio.NewScanner(pipe); s.Scan(); {
			at, text, _ := strings.Cut(s.Text(), " ")
			if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
				all = append(all, seen{time.UnixMilli(ms), text})
			}
		}
	})
	script := `while :; do echo "$(date +%s%3N) $(curl --silent --max-time 0.5 --write-out ' %{http_code}' ` + health + `)"; sleep 0.1; done`
	cmd := exec.CommandContext(ctx, "ssh", append(w.lab.SSHArgs("root", w.host), "--", script)...)
	cmd.Stdout = out
	w.must(cmd.Start())
	return func() []seen {
		cancel()
		_ = cmd.Wait() // it was ended
		out.Close()
		done.Wait()
		return all
	}
}

// servedAgain is when the release first answered well after a time.
func servedAgain(all []seen, id release.ID, after time.Time) (time.Time, bool) {
	for _, s := range all {
		if s.at.After(after) && strings.Contains(s.text, `"`+string(id)+`"`) && strings.HasSuffix(s.text, " 200") {
			return s.at, true
		}
	}
	return time.Time{}, false
}

// changes is the host's history.
func (w *world) changes() release.History {
	w.Helper()
	return release.ParseHistory(strings.Split(w.root("cat "+base+"/.slipway/history.jsonl 2>/dev/null || true"), "\n"))
}

// lastChange checks what the history says of the latest change.
func (w *world) lastChange(to release.ID, outcome release.Outcome) release.Change {
	w.Helper()
	h := w.changes()
	if len(h) == 0 {
		w.Fatal("there is no history")
	}
	last := h[len(h)-1]
	if last.To != to || last.Outcome != outcome {
		w.Errorf("the history ends with %+v, want %s of %s", last, outcome, to)
	}
	return last
}

// install puts a file on the host as root.
func (w *world) install(path, text string) {
	w.Helper()
	_, err := w.host.Run(w.Context(), strings.NewReader(text), "sh", "-c", fmt.Sprintf("mkdir -p $(dirname %[1]s) && cat >%[1]s", path))
	w.must(err)
}

// dropIn adds to a unit until the test ends.
func (w *world) dropIn(name, text string) {
	w.Helper()
	path := "/etc/systemd/system/" + name + ".d/test.conf"
	w.install(path, text)
	w.root("systemctl daemon-reload")
	w.cleanup("rm -r /etc/systemd/system/" + name + ".d; systemctl daemon-reload")
}

// cleanup runs a script as root when the test has ended.
func (w *world) cleanup(script string) {
	w.Cleanup(func() {
		if _, err := w.host.Run(context.Background(), nil, "sh", "-c", script); err != nil {
			w.Error(err)
		}
	})
}
