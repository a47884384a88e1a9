package world

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/apxr/slipway/test/command"
)

// Run is a run of the command line. It may still be running.
type Run struct {
	t      T
	signal func(syscall.Signal)
	stderr func() string
	done   chan Ended
}

// Stderr returns what the run has said until now.
func (r *Run) Stderr() string { r.t.Helper(); return r.stderr() }

// Ended says how and when a run ended.
type Ended struct {
	command.Result
	At  Moment
	err error // the command line could not be run; nil if it ran and failed
}

// Signal sends a signal to the command line's own process.
func (r *Run) Signal(s syscall.Signal) { r.t.Helper(); r.signal(s) }

// Wait waits for the end of the run. It may be called once.
func (r *Run) Wait() Ended {
	r.t.Helper()
	e := <-r.done
	r.t.Must(e.err)
	return e
}

// Begin starts a verb on the host where the person is logged in, or on this
// machine.
func (p *Person) Begin(words ...string) *Run {
	p.Helper()
	if p.On != nil {
		return p.beginThere(words)
	}
	r := &Run{t: p.T, done: make(chan Ended, 1)}
	cmd := p.Command(words...)
	var stdout, stderr output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p.Must(cmd.Start())
	r.stderr = stderr.String
	r.signal = func(s syscall.Signal) { p.Helper(); p.Must(cmd.Process.Signal(s)) }
	go func() {
		e := Ended{}
		e.Code, e.err = exitCode(cmd.Wait())
		e.At, e.Stdout, e.Stderr = Now(), stdout.String(), stderr.String()
		r.done <- e
	}()
	return r
}

// output collects what a program prints, for whoever reads it meanwhile.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// exitCode distinguishes a program that failed from one that could not be run.
func exitCode(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// beginThere starts a verb on the host, as deploy. It passes the settings on
// standard input, to keep them out of argument lists.
func (p *Person) beginThere(words []string) *Run {
	p.Helper()
	p.install()
	settings, args := Split(words)
	dir, err := os.MkdirTemp(p.deployHome(), "run-")
	p.Must(err)
	p.Give(dir)
	there := "/home/deploy/" + filepath.Base(dir)
	r := &Run{t: p.T, done: make(chan Ended, 1)}
	r.signal = func(s syscall.Signal) {
		p.Helper()
		_, err := p.On.Run(p.Context(), nil, "sh", "-c", fmt.Sprintf("kill -%d $(cat %s/pid)", s, there))
		p.Must(err)
	}
	r.stderr = func() string { p.Helper(); return p.Read(filepath.Join(dir, "stderr")) }
	script := thereScript(there, p.environment(settings, args), args)
	go func() {
		stdout, err := p.On.RunAs(p.Context(), "deploy", strings.NewReader(script), "sh", "-s")
		e := Ended{At: Now()}
		e.Stdout = stdout
		e.Code, e.err = exitCode(err)
		stderr, err := os.ReadFile(filepath.Join(dir, "stderr"))
		e.Stderr, e.err = string(stderr), errors.Join(e.err, err, os.RemoveAll(dir))
		r.done <- e
	}()
	return r
}

// thereScript returns a script that reports the process ID, for signals, and
// keeps standard error separate.
func thereScript(dir string, settings, args []string) string {
	var script strings.Builder
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		fmt.Fprintf(&script, "export %s=%s\n", name, Quote(value))
	}
	fmt.Fprintf(&script, "echo $$ >%s/pid\nexec /usr/local/bin/slipway", dir)
	for _, arg := range args {
		script.WriteString(" " + Quote(arg))
	}
	fmt.Fprintf(&script, " 2>%s/stderr </dev/null\n", dir)
	return script.String()
}

// Quote quotes a word for a shell.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (p *Person) deployHome() string { return filepath.Join(p.On.Root(), "home/deploy") }

// install copies the command line to the host, unless this test binary has
// already done so.
func (p *Person) install() {
	p.Helper()
	path, err := command.Program()
	p.Must(err)
	there := filepath.Join(p.On.Root(), "usr/local/bin/slipway")
	want, err := os.Stat(path)
	p.Must(err)
	if got, err := os.Stat(there); err == nil && got.Size() == want.Size() && !got.ModTime().Before(want.ModTime()) {
		return
	}
	p.Must(os.WriteFile(there, []byte(p.Read(path)), 0o755))
}

// Give changes the owner of a file or directory below deploy's home to deploy.
func (p *Person) Give(path string) {
	p.Helper()
	p.Tool("chown", "-R", "--reference="+p.deployHome(), path)
}
