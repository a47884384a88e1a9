package console

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/sample"
)

//go:embed setup.sh
var setup string

// world is a host on which the release runs.
type world struct {
	*testing.T
	lab  *lab.Lab
	host *lab.Host
}

// prepared is done once; each test leaves the host as it was.
var prepared sync.Once

func newWorld(t *testing.T) *world {
	t.Helper()
	l := labtest.Lab(t)
	w := &world{t, l, l.Host("build")}
	prepared.Do(func() {
		w.must(l.PrepareApp(t.Context(), lab.App{Org: "apxr", Name: "shop", Port: 4001}, w.host))
		_, err := w.host.Run(t.Context(), strings.NewReader(setup), "sh", "-s", "--", launcher(t))
		w.must(err)
	})
	return w
}

// launcher is what a deploy puts there.
func launcher(t *testing.T) string {
	data, err := os.ReadFile(filepath.Join(sample.Root(), "internal/script/sh/launcher.sh"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "<<'LAUNCH'\n")
	text, _, found := strings.Cut(text, "LAUNCH\n")
	if !found {
		t.Fatal("launcher.sh has another form")
	}
	return text
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) root(script string) string {
	w.Helper()
	out, err := w.host.Run(w.Context(), nil, "sh", "-c", script)
	w.must(err)
	return strings.TrimSpace(out)
}

func (w *world) command(args ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.TempDir(), "USER=tester", "TERM=xterm", "SLIPWAY_APP=apxr/shop",
		"SLIPWAY_SSH_KEY_FILE=" + w.lab.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + w.lab.KnownHostsPath(),
	}
	return cmd
}

// run runs a verb on the host without a terminal.
func (w *world) run(verb string, args ...string) command.Result {
	w.Helper()
	began := time.Now()
	r, err := command.Run(w.command(append([]string{verb, w.host.Addr}, args...)...))
	w.must(err)
	w.Logf("slipway %s %q: exit %d after %.1f s\n%s%s", verb, args, r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	return r
}

// red checks that a run fails with this status and says each of these.
func (w *world) red(code int, r command.Result, words ...string) {
	w.Helper()
	if r.Code != code || r.Stdout != "" {
		w.Errorf("exit %d, want %d; stdout %q", r.Code, code, r.Stdout)
	}
	for _, word := range words {
		if !strings.Contains(r.Stderr, word) {
			w.Errorf("it does not say %q:\n%s", word, r.Stderr)
		}
	}
}

// nothingLeft waits until no process that a person started is on the host.
func (w *world) nothingLeft() {
	w.Helper()
	left := ""
	for range 200 {
		// The unit's own processes are in a cgroup of its own.
		left = w.root(`unit=$(systemctl show --property=ControlGroup --value shop.service)
			for p in $(pgrep -x 'beam.smp|erl_child_setup|journalctl|script|sudo' || true); do
				grep -q "$unit" /proc/$p/cgroup 2>/dev/null || { tr '\0' ' ' </proc/$p/cmdline; echo; }
			done`)
		if left == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.Errorf("still on the host:\n%s", left)
}

// person is somebody at a terminal who has started the program.
type person struct {
	*world
	tty  *os.File // the far side of the terminal
	mine *os.File
	cmd  *exec.Cmd
	mu   sync.Mutex
	seen string
	done chan struct{}
}

// sit starts the program on a terminal, as its session's leader.
func (w *world) sit(cmd *exec.Cmd) *person {
	w.Helper()
	far, tty, err := pty.Open()
	w.must(err)
	w.must(pty.Setsize(far, &pty.Winsize{Rows: 40, Cols: 120}))
	p := &person{world: w, tty: far, mine: tty, cmd: cmd, done: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = controlled()
	w.must(cmd.Start())
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := far.Read(buf)
			p.mu.Lock()
			p.seen += string(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		cmd.Wait()
		close(p.done)
	}()
	w.Cleanup(func() {
		cmd.Process.Kill()
		<-p.done
		tty.Close()
		far.Close()
		if w.Failed() {
			w.Logf("on the terminal: %s", p.screen())
		}
	})
	return p
}

func (p *person) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// waits until the terminal shows a text, and says what came before it since the
// last time.
func (p *person) waits(text string) string {
	p.Helper()
	for range 600 {
		p.mu.Lock()
		before, after, found := strings.Cut(p.seen, text)
		if found {
			p.seen = after
		}
		p.mu.Unlock()
		if found {
			return before
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Fatalf("the terminal does not show %q, but %q", text, p.screen())
	return ""
}

func (p *person) types(keys string) {
	p.Helper()
	_, err := p.tty.WriteString(keys)
	p.must(err)
}

// ends waits for the program's end and checks its status.
func (p *person) ends(code int) {
	p.Helper()
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.Fatal("it does not end")
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.Errorf("exit %d, want %d", got, code)
	}
}

// cooked checks that the terminal echoes and edits lines, as it did before.
func (p *person) cooked() {
	p.Helper()
	cmd := exec.Command("stty", "-a")
	cmd.Stdin = p.mine
	out, err := cmd.Output()
	p.must(err)
	modes := strings.Fields(string(out))
	for _, word := range []string{"icanon", "isig", "echo", "opost"} {
		if !slices.Contains(modes, word) {
			p.Errorf("the terminal is left without %s: %s", word, out)
		}
	}
}
