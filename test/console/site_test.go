package console

import (
	_ "embed"
	"fmt"
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
	"github.com/apxr/slipway/test/world"
)

//go:embed setup.sh
var setup string

// site is a host on which the release runs, and somebody at the command line.
type site struct {
	world.Person
	lab  *lab.Lab
	host *lab.Host
}

// prepared is done once; each test leaves the host as it was.
var prepared sync.Once

func newSite(t *testing.T) *site {
	t.Helper()
	l := labtest.Lab(t)
	s := &site{world.Person{T: world.T{T: t}, Home: t.TempDir()}, l, l.Host("build")}
	s.Settings = []string{"SLIPWAY_APP=apxr/shop", "SLIPWAY_SSH_KEY_FILE=" + l.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + l.KnownHostsPath()}
	prepared.Do(func() {
		s.Must(l.PrepareApp(t.Context(), lab.App{Org: "apxr", Name: "shop", Port: 4001}, s.host))
		_, err := s.host.Run(t.Context(), strings.NewReader(setup), "sh", "-s", "--", launcher(s.T))
		s.Must(err)
	})
	return s
}

// launcher is what a deploy puts there.
func launcher(t world.T) string {
	_, text, _ := strings.Cut(t.Read(filepath.Join(sample.Root(), "internal/script/sh/launcher.sh")), "<<'LAUNCH'\n")
	text, _, found := strings.Cut(text, "LAUNCH\n")
	if !found {
		t.Fatal("launcher.sh has another form")
	}
	return text
}

func (s *site) root(script string) string {
	s.Helper()
	out, err := s.host.Run(s.Context(), nil, "sh", "-c", script)
	s.Must(err)
	return strings.TrimSpace(out)
}

// refused runs a verb on the host, which fails with these words and prints
// nothing.
func (s *site) refused(code int, says, words []string) command.Result {
	s.Helper()
	r := s.Refused(code, says, words...)
	if r.Stdout != "" {
		s.Errorf("it prints %q", r.Stdout)
	}
	return r
}

// nothingLeft waits until no process that a person started is on the host.
func (s *site) nothingLeft() {
	s.Helper()
	// The unit's own processes are in a cgroup of its own.
	const left = `unit=$(systemctl show --property=ControlGroup --value shop.service)
		for p in $(pgrep -x 'beam.smp|erl_child_setup|journalctl|script|sudo' || true); do
			grep -q "$unit" /proc/$p/cgroup 2>/dev/null || { tr '\0' ' ' </proc/$p/cmdline; echo; }
		done`
	s.Until("all that was started on the host to end", func() bool { return s.root(left) == "" })
}

// person is somebody at a terminal who has started the program.
type person struct {
	*site
	tty  *os.File // the far side of the terminal
	mine *os.File
	cmd  *exec.Cmd
	mu   sync.Mutex
	seen string
	done chan struct{}
}

// sit starts the program on a terminal, as its session's leader.
func (s *site) sit(cmd *exec.Cmd) *person {
	s.Helper()
	far, tty, err := pty.Open()
	s.Must(err)
	s.Must(pty.Setsize(far, &pty.Winsize{Rows: 40, Cols: 120}))
	p := &person{site: s, tty: far, mine: tty, cmd: cmd, done: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = controlled()
	s.Must(cmd.Start())
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
	s.Cleanup(func() {
		cmd.Process.Kill()
		<-p.done
		tty.Close()
		far.Close()
		if s.Failed() {
			s.Logf("on the terminal: %s", p.screen())
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
	before := ""
	p.Until(fmt.Sprintf("the terminal to show %q", text), func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		seen, after, found := strings.Cut(p.seen, text)
		if found {
			before, p.seen = seen, after
		}
		return found
	})
	return before
}

func (p *person) types(keys string) {
	p.Helper()
	_, err := p.tty.WriteString(keys)
	p.Must(err)
}

// ends waits for the program's end and checks its status.
func (p *person) ends(code int) {
	p.Helper()
	select {
	case <-p.done:
	case <-time.After(5 * time.Minute):
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
	p.Must(err)
	modes := strings.Fields(string(out))
	for _, word := range []string{"icanon", "isig", "echo", "opost"} {
		if !slices.Contains(modes, word) {
			p.Errorf("the terminal is left without %s: %s", word, out)
		}
	}
}

// putProgram puts the command line on a host.
func (s *site) putProgram(h *lab.Host) {
	s.Helper()
	path, err := command.Program()
	s.Must(err)
	s.Must(os.WriteFile(h.Root()+"/usr/local/bin/slipway", []byte(s.Read(path)), 0o755))
}
