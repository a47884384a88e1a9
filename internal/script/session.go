package script

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"
)

// streams are what a call writes to.
type streams struct{ facts, log io.Writer }

// shellCommand starts shell.sh. Its text is the first line of stdin. The builtin
// read takes no byte beyond the end of a line, so what follows is not lost. The
// line works in every login shell, also in fish and tcsh, and runs nothing of a
// text that a lost connection has cut.
const shellCommand = `sh -c 'IFS= read -r text && eval "$(printf %b "$text")"' step.shell`

// session is a shell on a machine that runs scripts as they are asked for.
type session struct {
	requests *io.PipeWriter
	facts    *demux
	log      *demux
	sent     map[string]bool // files whose text is there
	cancel   context.CancelFunc
	ended    chan struct{} // closed when the session has ended
	err      error         // why; set before ended is closed
}

// open starts a session. It does not wait for anything. The session outlives
// ctx, which only lends its values.
func open(ctx context.Context, m Machine) *session {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stdin, requests := io.Pipe()
	s := &session{requests: requests, facts: &demux{facts: true}, log: &demux{}, sent: map[string]bool{}, cancel: cancel, ended: make(chan struct{})}
	text := escapeText(compact("{\n"+file("prelude")+file("shell")+"serve\nexit\n}\n")) + "\n"
	go func() {
		defer close(s.ended)
		s.err = m.Exec(life, shellCommand, io.MultiReader(strings.NewReader(text), stdin), s.facts, s.log)
		stdin.CloseWithError(errEnded)
	}()
	return s
}

var errEnded = fmt.Errorf("the session has ended")

// over reports whether the session is of no further use.
func (s *session) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// endWait is how long to wait for the end of a session whose machine is silent.
const endWait = 2 * time.Second

// end ends a session in which nothing runs.
func (s *session) end() {
	s.requests.Close()
	select {
	case <-s.ended:
	case <-time.After(endWait):
	}
	s.cancel()
}

// texts returns requests for the texts of a script that the session does not
// have yet.
func (s *session) texts(script string) string {
	var b strings.Builder
	for _, name := range filesOf(script) {
		if !s.sent[name] {
			s.sent[name] = true
			b.WriteString("text " + name + " " + escapeText(compact(file(name))) + "\n")
		}
	}
	return b.String()
}

// filesOf returns the files that a script consists of, but for the prelude.
func filesOf(script string) []string { return append(libraries(file(script)), script) }

// escapeText returns a text as one line, in the form that printf %b decodes.
func escapeText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(text)
}

// prepare sends the texts of a script ahead.
func (s *session) prepare(script string) {
	io.WriteString(s.requests, s.texts(script)) // a session that has ended says why when it is used
}

// request returns the line that runs a call, and the mark of its answer.
func request(verb string, c call) (line, mark string, err error) {
	mark = rand.Text()[:12]
	arguments, err := c.args.words(c.script)
	return fmt.Sprintf("%s %s %s %s\n", verb, mark, strings.Join(filesOf(c.script), ","), arguments), mark, err
}

// run runs a call in a subshell of the session, and waits until both of its
// streams have ended. If ctx ends first, the session is given up, since the
// script may go on.
func (s *session) run(ctx context.Context, c call, to streams) error {
	line, mark, err := request("run", c)
	if err != nil {
		return err
	}
	facts, log := s.facts.begin(mark, to.facts), s.log.begin(mark, to.log)
	defer s.facts.detach()
	defer s.log.detach()
	text := s.texts(c.script) + line
	go io.WriteString(s.requests, text) // fails if the session has ended, which says why
	return s.outcome(ctx, facts, log)
}

// outcome waits until both streams of a script have ended.
func (s *session) outcome(ctx context.Context, facts, log <-chan string) (err error) {
	for facts != nil || log != nil {
		select {
		case status := <-facts:
			facts, err = nil, exitError(status)
		case <-log:
			log = nil
		case <-s.ended:
			return s.why()
		case <-ctx.Done():
			s.cancel()
			<-s.ended
			return ctx.Err()
		}
	}
	return err
}

// last runs a call as the last thing that the session does, with its input.
func (s *session) last(ctx context.Context, c call, input io.Reader, to streams) error {
	defer s.cancel()
	line, _, err := request("last", c)
	if err != nil {
		return err
	}
	s.facts.begin("", to.facts)
	s.log.begin("", to.log)
	defer s.facts.detach()
	defer s.log.detach()
	go s.feed(s.texts(c.script)+line, input)
	select {
	case <-s.ended:
		return s.err
	case <-ctx.Done():
		s.cancel()
		<-s.ended
		return ctx.Err()
	}
}

// feed sends a request and the input of its script.
func (s *session) feed(line string, input io.Reader) {
	_, err := io.WriteString(s.requests, line)
	if err == nil {
		_, err = io.Copy(s.requests, input)
	}
	s.requests.CloseWithError(err)
}

// why returns why a session has ended in the middle of a script.
func (s *session) why() error {
	if s.err == nil {
		return errCutShort
	}
	return s.err
}

// statusError is the error of a script in a kept session.
type statusError int

func (e statusError) Error() string   { return fmt.Sprintf("exit status %d", int(e)) }
func (e statusError) ExitStatus() int { return int(e) }

func exitError(status string) error {
	var n int
	if _, err := fmt.Sscanf(status, "%d", &n); err != nil {
		return fmt.Errorf("unexpected exit status %q", status)
	}
	if n != 0 {
		return statusError(n)
	}
	return nil
}
