package script

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// streams are what a call writes to.
type streams struct{ facts, log io.Writer }

// shellCommand, followed by a mark, starts shell.sh. Its text is the first line of stdin. The builtin
// read takes no byte beyond the end of a line, so what follows is not lost. The
// line works in every login shell, also in fish and tcsh, and runs nothing of a
// text that a lost connection has cut.
const shellCommand = `sh -c 'IFS= read -r text && eval "$(printf %b "$text")"' step.shell `

// session is a shell on a machine that runs scripts as they are asked for.
type session struct {
	requests *io.PipeWriter
	facts    *demux
	log      *demux
	texting  sync.Mutex      // texts come before what needs them
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
	go func() {
		defer close(s.ended)
		o := newOpening(m, sessionText())
		s.err = o.exec(life, shellCommand+o.mark, stdin, streams{s.facts, s.log})
		stdin.CloseWithError(errEnded)
	}()
	return s
}

// sessionText returns the first line of a session: its shell's own text.
var sessionText = sync.OnceValue(func() string {
	return escapeText(compact("{\n"+file("prelude")+file("shell")+"serve\nexit\n}\n")) + "\n"
})

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

// texts returns requests that give the session the texts of scripts, as far as it
// does not have them yet.
func (s *session) texts(scripts ...string) string {
	var names []string
	for _, script := range scripts {
		for _, name := range filesOf(script) {
			if !s.sent[name] {
				s.sent[name] = true
				names = append(names, name)
			}
		}
	}
	return requestsFor(names)
}

// madeRequests has the requests that were made before, by the names of their files: all
// hosts get the same ones.
var madeRequests sync.Map

// requestsFor returns the requests that give a session the texts of files.
func requestsFor(names []string) string {
	key := strings.Join(names, " ")
	if made, ok := madeRequests.Load(key); ok {
		return made.(string)
	}
	var plain, packed strings.Builder
	for _, name := range names {
		text := compact(file(name))
		plain.WriteString("text " + name + " " + escapeText(text) + "\n")
		packed.WriteString("text_" + name + "=" + quoted(text) + "\n")
	}
	made := plain.String()
	if len(made) >= worthPacking {
		made = "texts gzip " + escapeBytes(gzipped(packed.String())) + "\n"
	}
	madeRequests.Store(key, made)
	return made
}

// filesOf returns the files that a script consists of, but for the prelude.
func filesOf(script string) []string { return append(libraries(file(script)), script) }

// escapeText returns a text as one line, in the form that printf %b decodes.
func escapeText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(text)
}

// prepare sends the texts of scripts ahead.
func (s *session) prepare(scripts ...string) {
	s.texting.Lock()
	defer s.texting.Unlock()
	io.WriteString(s.requests, s.texts(scripts...)) // a session that has ended says why when it is used
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
func (s *session) run(ctx context.Context, c call, input io.Reader, to streams) error {
	verb := "run"
	if c.input != nil {
		verb = "feed"
	}
	line, mark, err := request(verb, c)
	if err != nil {
		return err
	}
	facts, log := s.facts.begin(mark, to.facts), s.log.begin(mark, to.log)
	defer s.facts.detach()
	defer s.log.detach()
	if c.input == nil {
		input = strings.NewReader("")
	}
	go s.feed(c.script, line, input)
	err = s.outcome(ctx, facts, log)
	if err != nil && c.input != nil {
		s.cancel() // the script may not have read its input
		<-s.ended
	}
	return err
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
	go func() { s.requests.CloseWithError(s.feed(c.script, line, input)) }()
	select {
	case <-s.ended:
		return s.err
	case <-ctx.Done():
		s.cancel()
		<-s.ended
		return ctx.Err()
	}
}

// feed sends a request and the input of its script. It fails if the session has
// ended, which says why.
func (s *session) feed(script, line string, input io.Reader) error {
	s.texting.Lock()
	defer s.texting.Unlock()
	_, err := io.Copy(s.requests, io.MultiReader(strings.NewReader(s.texts(script)+line), input))
	return err
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
