// Package script holds everything that Slipway runs on a machine: POSIX sh
// scripts in sh/, one per step, each with one typed Go function that calls it
// and reads its answer.
//
// It does not know how a machine is reached (that is a [Machine]), in which
// order the steps come, or what a person is told about them.
//
// A script travels over stdin to "sh -s"; its arguments travel encoded on the
// command line and are never pasted into its text. Its stdout carries
// "key=value" facts and nothing else; whatever the commands in it print goes to
// stderr, which is log. So no output of a build or of a service can pose as an
// answer.
package script

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Machine runs a command line with the given streams and returns when it has
// ended. An exit status other than 0 is an error with an ExitStatus method.
type Machine interface {
	Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error
}

//go:embed sh/*.sh
var files embed.FS

// call is one run of one script.
type call struct {
	script string   // the file in sh/, without its ending
	libs   []string // more files whose functions it uses
	args   args
	input  io.Reader // sent only after the script has said that it is ready
	log    io.Writer
	onFact func(key, value string)
	ready  func()    // called when the script has said that it is ready
	output io.Writer // gets what follows then as it is; nil: more facts follow
}

// Error is a script that did not do its work.
type Error struct {
	Step   string // the script's name
	Reason string // what the script said, empty if it could not say anything
	Err    error
}

func (e *Error) Error() string {
	if e.Reason != "" {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Step, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// source is the whole text that is sent. Its last line alone makes anything
// happen, and that line means nothing without its last brace, so a text that
// was cut on its way does nothing.
func (c call) source() string {
	var b strings.Builder
	for _, name := range append(append([]string{"prelude"}, c.libs...), c.script) {
		text, err := files.ReadFile("sh/" + name + ".sh")
		if err != nil {
			panic(err) // a name misspelled in this package
		}
		b.Write(text)
	}
	if c.input != nil {
		b.WriteString("{ start \"$@\"; }\n")
	} else {
		b.WriteString("{ start \"$@\" </dev/null; }\n")
	}
	return b.String()
}

// run runs the call and hands every fact to onFact.
func (c call) run(ctx context.Context, m Machine) error {
	command, err := c.args.command(c.script)
	if err != nil {
		return &Error{Step: c.script, Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // releases the gate when the script has ended without asking for its input
	gate := &gate{ctx: ctx, open: make(chan struct{}), input: c.input}
	trace := c.traced(m)
	defer trace.end()
	facts := &factWriter{gate: gate, ready: c.ready, onFact: c.onFact, output: c.output, trace: trace.fact}
	log := c.log
	if log == nil {
		log = io.Discard
	}
	err = m.Exec(ctx, command, io.MultiReader(strings.NewReader(c.source()), gate), facts, log)
	if facts.reason != "" || err != nil {
		if !errors.Is(err, facts.err) {
			err = errors.Join(err, facts.err)
		}
		return &Error{Step: c.script, Reason: facts.reason, Err: err}
	}
	return facts.err
}

// gate holds back what follows the script until the script is ready: a shell
// reads ahead of what it runs, and would run data that came too early.
type gate struct {
	ctx   context.Context // of the one call that this gate belongs to
	open  chan struct{}
	input io.Reader
}

func (g *gate) Read(p []byte) (int, error) {
	if g.input == nil {
		return 0, io.EOF
	}
	select {
	case <-g.open:
		return g.input.Read(p)
	case <-g.ctx.Done():
		return 0, io.EOF
	}
}

// factWriter parses a script's stdout as it comes.
type factWriter struct {
	gate   *gate
	ready  func()
	onFact func(key, value string)
	output io.Writer // of what follows ready, if it is no facts
	trace  func(line string)
	isOpen bool
	reason string
	err    error
	rest   []byte
}

const maxFact = 1 << 20

var errTooLong = fmt.Errorf("a line of a script's answer: %w", bufio.ErrTooLong)

func (w *factWriter) Write(p []byte) (int, error) {
	if w.isOpen && w.output != nil {
		return w.output.Write(p)
	}
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := strings.Cut(string(w.rest), "\n")
		if !ok {
			break
		}
		w.rest = []byte(rest)
		w.line(line)
		if w.isOpen && w.output != nil {
			_, err := w.output.Write(w.rest)
			w.rest = nil
			return len(p), err
		}
	}
	if len(w.rest) > maxFact {
		// The writer's end kills the script, whose status may be all that Exec tells.
		w.err = errTooLong
		return 0, errTooLong
	}
	return len(p), nil
}

func (w *factWriter) line(line string) {
	key, value, ok := strings.Cut(line, "=")
	w.trace(line)
	switch {
	case line == "ready" && !w.isOpen:
		w.isOpen = true
		close(w.gate.open)
		if w.ready != nil {
			w.ready()
		}
	case !ok:
		w.err = errors.Join(w.err, fmt.Errorf("unexpected line %.200q in a script's answer", line))
	case key == "error":
		w.reason = value
	case w.onFact != nil:
		w.onFact(key, value)
	}
}
