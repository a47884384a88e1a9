package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// call is one run of one script.
type call struct {
	script string // file in sh/, without its extension
	args   args
	input  io.Reader // sent after the script has reported that it is ready
	// foreign says that the script runs commands of others.
	foreign bool
	log     io.Writer
	onFact  func(key, value string)
	ready   func()        // called when the script has reported that it is ready
	output  io.Writer     // gets everything after that unparsed; nil: more facts follow
	limit   time.Duration // how long it may make no progress; 0: see limits
}

// Error is the failure of a script.
type Error struct {
	Step   string // the script's name
	Reason string // the script's own words; empty: none
	Err    error
}

func (e *Error) Error() string {
	if e.Reason != "" {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Step, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// source returns the whole text that is sent. It is one group in braces. A
// shell reads a group to its end before it runs any of it, so a truncated text
// is a syntax error and does nothing.
func (c call) source() string {
	own := file(c.script)
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range append([]string{"prelude"}, libraries(own)...) {
		b.WriteString(file(name))
	}
	b.WriteString(own)
	b.WriteString("start \"$@\"")
	if c.input == nil {
		b.WriteString(" </dev/null")
	}
	if c.output == nil {
		b.WriteString("\nanswered")
	}
	b.WriteString(lastLines)
	return b.String()
}

// compactTexts has the texts that were made before: all hosts get the same ones.
var compactTexts sync.Map

// compacted returns what source does, without what only people read.
func (c call) compacted() string {
	key := [3]any{c.script, c.input == nil, c.output == nil}
	if made, ok := compactTexts.Load(key); ok {
		return made.(string)
	}
	made := compact(c.source())
	compactTexts.Store(key, made)
	return made
}

// lastLines end every text that is sent.
const lastLines = "\nexit\n}\n"

// run runs the call and passes every fact to onFact.
func (c call) run(ctx context.Context, m Machine) error {
	if _, err := c.args.words(c.script); err != nil {
		return &Error{Step: c.script, Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // opens the gate if the script has ended without asking for its input
	ctx, watch, unwatch := c.watched(ctx)
	defer unwatch()
	gate := &gate{ctx: ctx, watch: watch, open: make(chan struct{}), input: c.input}
	trace := c.traced(m)
	defer trace.end()
	facts := &factWriter{gate: gate, ready: c.ready, onFact: c.onFact, output: c.output, trace: trace.fact, left: c.mostAnswer(), step: c.script, stop: cancel}
	log := c.log
	if log == nil {
		log = io.Discard
	}
	err := c.exec(ctx, m, gate, streams{watch.writer(facts), watch.writer(log)})
	if hung := (*Hung)(nil); err != nil && errors.As(context.Cause(ctx), &hung) {
		return &Error{Step: c.script, Reason: hung.Error(), Err: hung}
	}
	if silent := (*NoAnswer)(nil); errors.As(err, &silent) {
		return &Error{Step: c.script, Reason: silent.Error(), Err: err}
	}
	if facts.tooMuch != nil {
		return &Error{Step: c.script, Reason: facts.tooMuch.Error(), Err: facts.tooMuch}
	}
	if facts.reason == "" && err == nil && facts.err == nil && c.output == nil && !facts.ended {
		err = errCutShort
	}
	if facts.reason != "" || err != nil {
		if !errors.Is(err, facts.err) {
			err = errors.Join(err, facts.err)
		}
		return &Error{Step: c.script, Reason: facts.reason, Err: err}
	}
	return facts.err
}

// exec runs the call where the machine can run it best.
func (c call) exec(ctx context.Context, m Machine, g *gate, to streams) error {
	if shell, ok := m.(*Shell); ok {
		return shell.exec(ctx, c, g, to)
	}
	return c.alone(ctx, m, g, to)
}

// alone runs the call in a session of its own. A server that allows few sessions may
// take a moment to notice that the last one has ended.
func (c call) alone(ctx context.Context, m Machine, g *gate, to streams) error {
	once := func() error {
		o := newOpening(m, c.compacted())
		command, err := c.args.command(c.script, o.mark)
		if err != nil {
			return err
		}
		return o.exec(ctx, command, g, to)
	}
	if _, ok := m.(*Shell); ok {
		return once() // a Shell is patient itself
	}
	return patiently(ctx, once, func() {})
}

var errCutShort = errors.New("the end of its answer is missing: run it again")

// gate holds back the input until the script is ready. A shell that reads its
// text from stdin reads ahead of the commands that it runs, and would run input
// that came too early.
type gate struct {
	ctx   context.Context // of the call that this gate belongs to
	once  sync.Once
	open  chan struct{}
	input io.Reader
	watch *watch
}

func (g *gate) unlock() { g.once.Do(func() { close(g.open) }) }

func (g *gate) Read(p []byte) (int, error) {
	if g.input == nil {
		return 0, io.EOF
	}
	select {
	case <-g.open:
		defer g.watch.working()()
		return g.input.Read(p)
	case <-g.ctx.Done():
		return 0, io.EOF
	}
}
