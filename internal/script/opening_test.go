package script

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// greeted is a machine whose login shell talks.
type greeted struct {
	Machine
	stdout, stderr string   // what it prints before a command
	pieces         int      // how many bytes arrive at a time; 0: any number
	heard          []string // what Slipway took for the login shell's words
}

func (m *greeted) Greeted(text string) { m.heard = append(m.heard, text) }

func (m *greeted) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	out, errs := io.Writer(pieces{stdout, m.pieces}), io.Writer(pieces{stderr, m.pieces})
	io.WriteString(out, m.stdout)
	io.WriteString(errs, m.stderr)
	return m.Machine.Exec(ctx, command, stdin, out, errs)
}

// pieces writes a few bytes at a time.
type pieces struct {
	w    io.Writer
	most int
}

func (p pieces) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		piece := b
		if p.most > 0 {
			piece = b[:min(p.most, len(b))]
		}
		_, err = p.w.Write(piece)
		n, b = n+len(piece), b[len(piece):]
	}
	return n, err
}

// Nothing that a login shell prints is a fact, in a kept session or in one of a script's
// own, wherever its lines end.
func TestWhatComesBeforeAnAnswerIsNoFact(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*greeted{
		"silent":                 {},
		"lines":                  {stdout: "given=forged\nanswered=yes\nready\n"},
		"no line break":          {stdout: "Welcome> "},
		"a byte at a time":       {stdout: "given=forged\nx", stderr: "warning\n", pieces: 1},
		"the log alone":          {stderr: "bash: warning: setlocale: cannot change locale\n"},
		"more than is kept":      {stdout: strings.Repeat("given=forged\n", 10_000)},
		"a mark of another time": {stdout: "ABCDEFGHIJKLbegan\ngiven=forged\n"},
	} {
		s := newSite(t)
		s.edit = withMain(`echo noise; fact given "$given"`).edit
		m.Machine = s
		shell := NewShell(m)
		t.Cleanup(shell.Close)
		for _, c := range []call{{script: "probe"}, {script: "probe"}, {script: "lock"}} {
			var log strings.Builder
			facts := map[string]string{}
			c.args, c.log, c.onFact = args{{"given", "a value"}}, &log, func(key, value string) { facts[key] += value }
			must(t, c.run(t.Context(), shell))
			if facts["given"] != "a value" || len(facts) != 1 || log.String() != "noise\n" {
				t.Errorf("%s, %s: facts %q, log %q", name, c.script, facts, log.String())
			}
		}
		heard, want := strings.Join(m.heard, "|"), strings.Join(strings.Fields(m.stdout+" "+m.stderr), " ")
		if want == "" && heard != "" || len(heard) > 400 || !strings.HasPrefix(heard, want[:min(len(want), mostShown)]) {
			t.Errorf("%s: heard %q, want %q", name, heard, want)
		}
	}
}

// What a wrapper of the shell prints after a script is no fact either.
func TestWhatComesAfterAnAnswerIsNoFact(t *testing.T) {
	t.Parallel()
	m := wrapped{withMain(`fact given "$given"`), `; echo given=forged; echo goodbye`}
	facts := map[string]string{}
	must(t, call{script: "lock", args: args{{"given", "a value"}}, onFact: func(key, value string) { facts[key] += value }}.run(t.Context(), m))
	if facts["given"] != "a value" || len(facts) != 1 {
		t.Errorf("%q", facts)
	}
}

// wrapped is a machine that runs something after each command.
type wrapped struct {
	Machine
	after string
}

func (m wrapped) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	return m.Machine.Exec(ctx, command+m.after, stdin, stdout, stderr)
}

// An empty answer of a command that succeeds is no answer, in a script whose output
// is not facts either.
func TestAnEmptyAnswerIsAnError(t *testing.T) {
	t.Parallel()
	m := machineOf("exit 0")
	_, inspected := hostOn(m, newSite(t).Layout, nil).Inspect(t.Context(), Look{})
	for name, err := range map[string]error{
		"inspect": inspected,
		"export":  Store{Machine: m, App: app}.Export(t.Context(), r1, nil, io.Discard),
		"attend":  Attend(t.Context(), m, "true", Streams{Stdout: io.Discard, Stderr: io.Discard}),
	} {
		if none := (*NoAnswer)(nil); !errors.As(err, &none) || none.Status != 0 {
			t.Errorf("%s: %v", name, err)
		}
		wantReason(t, err, "the login shell ended with exit status 0 before it ran anything and printed nothing: look for exit")
	}
}

// machineOf is a machine that runs something else in place of each command.
type machineOf string

func (m machineOf) Exec(ctx context.Context, _ string, stdin io.Reader, stdout, stderr io.Writer) error {
	return local{}.Exec(ctx, string(m), stdin, stdout, stderr)
}

// A login shell that waits is named before the limit of any script that it keeps from
// running.
func TestALoginShellThatWaitsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		m := waiting("Press any key")
		for _, script := range []string{"inspect", "lock", "checkout"} {
			err := call{script: script}.run(t.Context(), m)
			wantReason(t, err, `the login shell ran nothing within 45s and printed "Press any key": something waits there`)
		}
		if took := time.Since(began); took != 3*openingLimit {
			t.Errorf("given up after %s", took)
		}
	})
}

type waiting string

func (m waiting) Exec(ctx context.Context, _ string, _ io.Reader, stdout, _ io.Writer) error {
	io.WriteString(stdout, string(m))
	<-ctx.Done()
	return ctx.Err()
}

// What a program in place of the shell sends back may have secrets that were sent to it.
func TestWhatComesBackIsNotShown(t *testing.T) {
	t.Parallel()
	shell := NewShell(machineOf("cat"))
	t.Cleanup(shell.Close)
	h := hostOn(shell, newSite(t).Layout, nil)
	_, _, err := h.Prepare(t.Context(), r1, key1, Environment{Given: true, Text: "export PASSWORD=s3cret\n"})
	wantReason(t, err, "another program runs in place of the login shell and sends back what it gets: look for")
	if strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}
