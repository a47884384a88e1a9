package host_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// site is a host in a temporary directory. The real scripts run in a real
// shell, and units have real main processes. Stand-ins replace what only root
// can do.
type site struct {
	*testing.T
	dir  string
	log  strings.Builder
	runs int
	hide []string // secrets of the run

	mu    sync.Mutex
	conns []*conn
	dial  error // error of the next connection; nil: it succeeds
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: t, dir: t.TempDir()}
	bin, err := filepath.Abs("testdata/bin")
	s.must(err)
	for _, dir := range []string{"opt/app/releases", "opt/app/.slipway", "units", "home"} {
		s.must(os.MkdirAll(s.path(dir), 0o755))
	}
	s.must(os.Symlink(bin, s.path("bin")))
	t.Cleanup(s.stop)
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// stop ends the units' processes.
func (s *site) stop() {
	units, err := filepath.Glob(s.path("units/*"))
	s.must(err)
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		s.must(err)
		word, _, _ := strings.Cut(strings.TrimPrefix(string(text), "pid="), " ")
		if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
			syscall.Kill(-pid, syscall.SIGKILL)
		}
	}
}

// begin begins a run on the host.
func (s *site) begin(verb release.Verb, change func(*host.Plan)) *host.Host {
	s.runs++
	began := time.Now()
	run := &host.Run{Verb: verb, Began: began, Key: began.UTC().Format("20060102T150405.000000000"), Log: progress.New(progress.Terminal{W: &s.log}, s.hide...)}
	run.Plan = host.Plan{
		App: release.App{Org: "apxr", Name: "app"}, Layout: release.Layout{Base: s.path("opt/app")}, Keep: 5, Who: "tester",
		Service: config.Service{Units: []string{"app.service"}, Timeout: 20 * time.Second, Settle: time.Millisecond},
	}
	if change != nil {
		change(&run.Plan)
	}
	return host.New(host.Candidate{Name: "web1", Dial: s.open}, run)
}

// meet begins a run, connects, locks and looks.
func (s *site) meet(verb release.Verb, change func(*host.Plan)) *host.Host {
	s.Helper()
	h := s.begin(verb, change)
	s.Cleanup(func() { h.Close() })
	s.must(h.Connect(s.Context()))
	s.must(h.Lock(s.Context(), 30*time.Second)) // after a cut connection the lock ends a moment later
	s.must(h.Look(s.Context(), host.Question{}))
	return h
}

// staged begins a deploy of a release and runs it up to the activation.
func (s *site) staged(r built, change func(*host.Plan)) (*host.Host, host.Target) {
	s.Helper()
	h := s.meet(release.Deploy, change)
	s.must(h.Stage(s.Context(), r))
	to, _, err := h.Prepare(s.Context(), r.m.ReleaseID)
	s.must(err)
	digest, err := r.m.Digest()
	s.must(err)
	return h, host.Target{Activation: to, Version: r.m.Version, Revision: r.m.Revision, Digest: digest}
}

func (s *site) deploy(n int) release.Activation {
	s.Helper()
	h, to := s.staged(s.release(n, false), nil)
	s.must(h.Activate(s.Context(), to))
	s.must(h.Conclude(s.Context()))
	s.must(h.Close())
	return to.Activation
}

// open returns a connection to the host: this machine with its own PATH and
// HOME.
func (s *site) open(context.Context) (host.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dial != nil {
		return nil, s.dial
	}
	c := &conn{env: append(os.Environ(), "PATH="+s.path("bin")+":"+os.Getenv("PATH"), "HOME="+s.path("home"), "SITE="+s.dir)}
	s.conns = append(s.conns, c)
	return c, nil
}

// cut ends the connection that was opened last.
func (s *site) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[len(s.conns)-1].cut()
}

// conn runs commands on this machine. As over SSH, they lose their streams when
// the connection ends, and keep running.
type conn struct {
	env    []string
	mu     sync.Mutex
	lost   bool
	ends   []context.CancelFunc
	beat   io.Closer     // the heartbeats of its lock
	still  bool          // the run stands still
	frozen chan struct{} // closed when it has lost the lock
	// broken, if not nil, gets each command before it runs, and may fail it.
	broken func(command string) error
	deaf   error // error of every connection through the host
}

type exitStatus int

func (e exitStatus) Error() string   { return fmt.Sprintf("exit status %d", int(e)) }
func (e exitStatus) ExitStatus() int { return int(e) }

var errCut = errors.New("the connection was cut")

func (c *conn) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	c.ends = append(c.ends, cancel)
	lost, broken := c.lost, c.broken
	c.mu.Unlock()
	if lost {
		return errCut
	}
	if broken != nil {
		if err := broken(command); err != nil {
			return err
		}
	}
	var failed error
	if strings.Contains(command, " step.shell ") {
		stdin = c.watch(stdin, func(err error) { failed = err; cancel() })
	}
	err := c.run(ctx, exec.Command("sh", "-c", command), stdin, stdout, stderr)
	return cmp.Or(failed, err)
}

// watch calls broken for each script that a session's shell is asked to run. After a cut
// nothing arrives any more.
func (c *conn) watch(stdin io.Reader, fail func(error)) io.Reader {
	lines := bufio.NewReader(stdin)
	passed, to := io.Pipe()
	go func() {
		for {
			line, err := lines.ReadString('\n')
			words := strings.Fields(line)
			asked := err == nil && slices.Contains([]string{"run", "feed", "last"}, words[0])
			c.mu.Lock()
			lost, broken := c.lost, c.broken
			c.mu.Unlock()
			if lost {
				err = errCut
			}
			if asked && err == nil && broken != nil {
				if failure := broken("step." + words[2][strings.LastIndex(words[2], ",")+1:]); failure != nil {
					fail(failure)
					err = failure
				}
			}
			if err == nil {
				_, err = io.WriteString(to, line)
			}
			if err == nil && words[0] == "last" {
				_, err = io.Copy(to, lines)
			}
			if err != nil {
				to.CloseWithError(err)
				return
			}
		}
	}()
	return passed
}

func (c *conn) run(ctx context.Context, cmd *exec.Cmd, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, stdout, stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	fed := make(chan struct{})
	go func() {
		io.Copy(in, stdin)
		in.Close()
		io.Copy(io.Discard, stdin) // a run that stood still goes on with its heartbeats
		close(fed)
	}()
	isLock := strings.Contains(cmd.String(), "step.lock")
	if isLock {
		c.mu.Lock()
		c.beat, c.frozen = in, make(chan struct{})
		c.mu.Unlock()
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if isLock && c.isFrozen() {
			close(c.frozen)
			select { // a run that stood still does not know
			case <-fed:
			case <-ctx.Done():
			}
			return errCut
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exitStatus(exit.ExitCode())
		}
		return err
	case <-ctx.Done():
		in.Close()
		<-done
		return ctx.Err()
	}
}

func (c *conn) isFrozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.still
}

// freeze ends the lock of the run that connected last, and returns when it has
// ended. The run does not notice.
func (s *site) freeze() {
	s.mu.Lock()
	c := s.conns[len(s.conns)-1]
	s.mu.Unlock()
	c.mu.Lock()
	c.still = true
	c.mu.Unlock()
	c.beat.Close()
	<-c.frozen
}

func (c *conn) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if c.deaf != nil {
		return nil, c.deaf
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func (c *conn) Lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *conn) cut() {
	c.mu.Lock()
	c.lost = true
	ends := c.ends
	c.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

func (c *conn) Close() error {
	c.cut()
	return nil
}
