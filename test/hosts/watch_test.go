package hosts

import (
	"bufio"
	"context"
	_ "embed"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/world"
)

// told is a line that a run printed while it worked, and when.
type told struct {
	at   world.Moment
	text string
}

// watched runs a verb as Slipway does, and notes when it said what.
func (w *webHost) watched(words ...string) (command.Result, []told) {
	w.Helper()
	cmd := w.Command(words...)
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	w.Must(err)
	w.Must(cmd.Start())
	var lines []told
	for s := bufio.NewScanner(stderr); s.Scan(); {
		lines = append(lines, told{world.Now(), s.Text()})
	}
	_ = cmd.Wait() // how it ended is its exit status
	r := command.Result{Stdout: stdout.String(), Code: cmd.ProcessState.ExitCode()}
	for _, l := range lines {
		r.Stderr += l.text + "\n"
	}
	w.Logf("slipway %s: exit %d\n%s", strings.Join(cmd.Args[1:], " "), r.Code, r.Said())
	return r, lines
}

// said returns when the first line with this text came; zero if none did.
func said(lines []told, text string) world.Moment {
	for _, l := range lines {
		if strings.Contains(l.text, text) {
			return l.at
		}
	}
	return world.Moment{}
}

// seen is one answer that the host got from the application, or that there was
// none.
type seen struct {
	at   world.Moment
	text string
}

//go:embed poll.py
var poller string

// poll asks the application ten times a second, on the host itself, until the
// function that it returns is called and one of the answers is the last one that it
// wants, or 10 s later.
func (w *webHost) poll() (stop func(last func(seen) bool) []seen) {
	ctx, cancel := context.WithCancel(w.Context())
	pipe, out := io.Pipe()
	answers := make(chan seen, 10_000)
	go func() {
		defer close(answers)
		for s := bufio.NewScanner(pipe); s.Scan(); {
			answers <- seen{world.Now(), s.Text()}
		}
	}()
	cmd := exec.CommandContext(ctx, "ssh", append(w.Lab.SSHArgs("root", w.host), "--", "exec python3 -")...)
	cmd.Stdin, cmd.Stdout = strings.NewReader(poller), out
	w.Must(cmd.Start())
	return func(last func(seen) bool) (all []seen) {
		enough := time.AfterFunc(10*time.Second, cancel)
		defer enough.Stop()
		go func() {
			_ = cmd.Wait() // it is ended
			out.Close()
		}()
		for s := range answers {
			all = append(all, s)
			if last(s) {
				cancel()
			}
		}
		return all
	}
}

// servedAgain returns when the release first answered well after a time.
func servedAgain(all []seen, id release.ID, after world.Moment) (world.Moment, bool) {
	for _, s := range all {
		if s.serves(id, after) {
			return s.at, true
		}
	}
	return world.Moment{}, false
}

// serves tests whether a release answered well after a time.
func (s seen) serves(id release.ID, after world.Moment) bool {
	return s.at.At.After(after.At) && strings.Contains(s.text, `"`+string(id)+`"`) && strings.HasPrefix(s.text, "200 ")
}
