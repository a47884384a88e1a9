package script

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// Shell is a [Machine] on which scripts cost few round trips. It keeps a session
// for scripts that only look, and one for short scripts that change something,
// and sends each text once. Streams, locks and all that runs commands of others
// have sessions of their own. Sessions can be opened ahead of need: see
// [Shell.Ahead].
//
// A server may allow few sessions at a time. Then Shell closes those that it
// keeps, opens none ahead, and waits until there is room.
type Shell struct {
	Machine

	looks, changes lane

	mu     sync.Mutex
	ahead  map[string]*session // for streams, by the name of the script
	scarce bool                // the server has refused a session
}

// lane is a kept session, in which one script runs at a time.
type lane struct {
	scripts []string
	turn    chan struct{} // holds a token while a script runs
	kept    *session      // nil: none
}

func newLane(scripts ...string) lane { return lane{scripts: scripts, turn: make(chan struct{}, 1)} }

// NewShell returns a Shell on a machine. It opens nothing yet.
func NewShell(m Machine) *Shell {
	return &Shell{
		Machine: m, ahead: map[string]*session{},
		looks:   newLane("inspect", "probe", "recheck", "unitlog"),
		changes: newLane("prepare", "activate", "conclude", "note", "tidy", "prune"),
	}
}

// Traced passes on the trace of a script, if the machine wants it.
func (s *Shell) Traced(step, what string) {
	if t, ok := s.Machine.(Tracer); ok {
		t.Traced(step, what)
	}
}

// Greeted passes on what the login shell prints.
func (s *Shell) Greeted(text string) { Greet(s.Machine, text) }

// laneOf returns the lane of a script, or nil.
func (s *Shell) laneOf(script string) *lane {
	for _, l := range []*lane{&s.looks, &s.changes} {
		if slices.Contains(l.scripts, script) {
			return l
		}
	}
	return nil
}

// exec runs a call where it is cheapest.
func (s *Shell) exec(ctx context.Context, c call, g *gate, to streams) error {
	if l := s.laneOf(c.script); l != nil && !c.foreign {
		g.unlock() // that shell does not read its text from stdin any more
		return s.inLane(ctx, l, c, g, to)
	}
	ahead := s.take(c.script)
	if ahead == nil {
		return c.alone(ctx, s, g, to)
	}
	g.unlock()
	return s.patiently(ctx, func() error {
		err := ahead.last(ctx, c, g, to)
		if noSession(err) {
			ahead = open(ctx, s.Machine) // the server may have more room when it is tried again
		}
		return err
	})
}

// inLane runs a call in a kept session.
func (s *Shell) inLane(ctx context.Context, l *lane, c call, g *gate, to streams) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.patiently(ctx, func() error { return s.keep(ctx, l).run(ctx, c, g, to) })
}

// keep returns the session of a lane, and opens it if necessary.
func (s *Shell) keep(ctx context.Context, l *lane) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.kept == nil || l.kept.over() {
		l.kept = open(ctx, s.Machine)
	}
	return l.kept
}

// Ahead opens the session of scripts that will run soon, and sends their texts.
// The scripts are of one lane, or just one that has a session of its own. The
// session outlives the context.
func (s *Shell) Ahead(ctx context.Context, scripts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scarce {
		return
	}
	l := s.laneOf(scripts[0])
	if l == nil && s.ahead[scripts[0]] == nil {
		waiting := open(ctx, s.Machine)
		s.ahead[scripts[0]] = waiting
		go waiting.prepare(scripts...)
	}
	if l != nil && (l.kept == nil || l.kept.over()) {
		l.kept = open(ctx, s.Machine)
		go l.kept.prepare(scripts...)
	}
}

// take returns the session that was opened ahead for a script, or nil.
func (s *Shell) take(script string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.ahead[script]
	delete(s.ahead, script)
	if waiting != nil && waiting.over() {
		s.scarce = s.scarce || noSession(waiting.err)
		return nil
	}
	return waiting
}

// Exec runs a command in a session of its own. It waits for one if the server
// refuses it, after it has closed those that it can do without.
func (s *Shell) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	return s.patiently(ctx, func() error { return s.Machine.Exec(ctx, command, stdin, stdout, stderr) })
}

// A server may take a moment to notice that a session has ended.
const (
	roomWait  = 200 * time.Millisecond
	roomTries = 15
)

// patiently does something that needs a session, again if the server refuses it.
func (s *Shell) patiently(ctx context.Context, do func() error) error {
	return patiently(ctx, do, s.makeRoom)
}

func patiently(ctx context.Context, do func() error, makeRoom func()) error {
	for try := 1; ; try++ {
		err := do()
		if !noSession(err) || try == roomTries {
			return err
		}
		makeRoom()
		select {
		case <-ctx.Done():
			return err
		case <-time.After(roomWait):
		}
	}
}

// makeRoom closes the sessions that nobody uses, and opens no more ahead.
func (s *Shell) makeRoom() {
	s.mu.Lock()
	s.scarce = true
	idle := s.idle()
	s.mu.Unlock()
	for _, old := range idle {
		old.end()
	}
}

// idle takes all sessions in which nothing runs.
func (s *Shell) idle() (all []*session) {
	for name, waiting := range s.ahead {
		all = append(all, waiting)
		delete(s.ahead, name)
	}
	for _, l := range []*lane{&s.looks, &s.changes} {
		select {
		case l.turn <- struct{}{}:
			if l.kept != nil {
				all, l.kept = append(all, l.kept), nil
			}
			<-l.turn
		default: // a script runs there
		}
	}
	return all
}

// Close ends the sessions that are open.
func (s *Shell) Close() {
	s.mu.Lock()
	idle := s.idle()
	s.mu.Unlock()
	for _, old := range idle {
		old.requests.Close()
		old.cancel()
	}
}

// noSession reports whether a server has refused to open a session.
func noSession(err error) bool {
	var refused interface{ NoSession() bool }
	return errors.As(err, &refused) && refused.NoSession()
}
