package script

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Shell is a [Machine] on which scripts cost few round trips. It keeps one
// session open for scripts that only look, and sends each text to it once.
// Scripts that change something, and all that run commands of others, have
// sessions of their own, which it can open ahead of need: see [Shell.Ahead].
//
// A server may allow few sessions at a time. Then Shell closes the session that
// it keeps, opens none ahead, and waits until there is room.
type Shell struct {
	Machine

	turn   chan struct{} // holds a token while a script runs in the kept session
	mu     sync.Mutex
	kept   *session            // nil: none
	ahead  map[string]*session // by the name of the script
	scarce bool                // the server has refused a session
}

// NewShell returns a Shell on a machine. It opens nothing yet.
func NewShell(m Machine) *Shell {
	return &Shell{Machine: m, turn: make(chan struct{}, 1), ahead: map[string]*session{}}
}

// Traced passes on the trace of a script, if the machine wants it.
func (s *Shell) Traced(step, what string) {
	if t, ok := s.Machine.(Tracer); ok {
		t.Traced(step, what)
	}
}

// looks has the scripts that run in the kept session: short ones that change
// nothing and run no commands of others.
var looks = map[string]bool{"inspect": true, "probe": true, "recheck": true, "unitlog": true}

// exec runs a call where it is cheapest.
func (s *Shell) exec(ctx context.Context, c call, g *gate, to streams) error {
	if looks[c.script] && c.input == nil {
		return s.look(ctx, c, to)
	}
	if ahead := s.take(c.script); ahead != nil {
		g.unlock() // that shell does not read its text from stdin any more
		return ahead.last(ctx, c, g, to)
	}
	return c.alone(ctx, s, g, to)
}

// look runs a call in the kept session.
func (s *Shell) look(ctx context.Context, c call, to streams) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.patiently(ctx, func() error {
		kept := s.keep(ctx)
		err := kept.run(ctx, c, to)
		if kept.over() {
			s.drop(kept)
		}
		return err
	})
}

// keep returns the kept session, and opens it if necessary.
func (s *Shell) keep(ctx context.Context) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || s.kept.over() {
		s.kept = open(ctx, s.Machine)
	}
	return s.kept
}

func (s *Shell) drop(old *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == old {
		s.kept = nil
	}
}

// Ahead opens the session of a script that will run soon, so that it does not
// wait for one. The context of the script ends it; [Shell.Close] ends one that
// was never used.
func (s *Shell) Ahead(ctx context.Context, script string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scarce || s.ahead[script] != nil {
		return
	}
	waiting := open(ctx, s.Machine)
	s.ahead[script] = waiting
	go waiting.prepare(script)
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
	for try := 1; ; try++ {
		err := do()
		if !noSession(err) || try == roomTries {
			return err
		}
		s.makeRoom()
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
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		if s.kept != nil {
			all, s.kept = append(all, s.kept), nil
		}
	default: // a script runs there
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
