package script

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Greeter is a [Machine] that gets what its login shell prints before it runs a
// script: a message of the day, the output of .bashrc. None of that is a fact.
type Greeter interface {
	Greeted(text string)
}

// Greet tells a machine what its login shell has printed, if it wants to know.
func Greet(m Machine, text string) {
	if g, ok := m.(Greeter); ok {
		g.Greeted(text)
	}
}

// opening is the beginning of an answer. A script begins both streams with a mark
// that is new for each command. The mark shows that the script runs, and not
// something else that sits between sshd and sh.
type opening struct {
	mark string
	m    Machine
	text string // what the command reads first

	mu          sync.Mutex
	facts, log  front
	told        bool
	interrupted func(error) // ends the command
}

// newOpening returns the opening of a command that reads a text first.
func newOpening(m Machine, text string) *opening {
	o := &opening{mark: rand.Text()[:12], m: m, text: text}
	o.facts.opening, o.log.opening = o, o
	return o
}

// openingLimit is how long a login shell may take before it runs a script. A PAM
// module that waits for a dead service takes 25 s.
const openingLimit = 45 * time.Second

// exec runs a command, which gets the text and then the input. It returns a
// [NoAnswer] if something else ran in place of the command.
func (o *opening) exec(ctx context.Context, command string, input io.Reader, to streams) error {
	return o.within(ctx, openingLimit, command, input, to)
}

func (o *opening) within(ctx context.Context, limit time.Duration, command string, input io.Reader, to streams) error {
	o.facts.to, o.log.to = to.facts, to.log
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o.interrupted = cancel
	w := &watch{}
	w.touch()
	began, stop := context.WithCancel(ctx)
	defer stop()
	o.facts.stop = stop
	go w.wait(began, limit, func() { cancel(errWaits) })
	err := o.m.Exec(ctx, command, io.MultiReader(strings.NewReader(o.text), input), &o.facts, &o.log)
	return o.outcome(ctx, err)
}

// Reasons to end a command that has not begun.
var (
	errWaits   = errors.New("nothing was run in time")
	errEchoes  = errors.New("the script came back")
	errEndless = errors.New("endless output")
)

// outcome returns the error of a command that has ended.
func (o *opening) outcome(ctx context.Context, err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.facts.begun {
		o.greet()
		return err
	}
	why := NoAnswer{Said: o.said()}
	for _, cause := range []error{errWaits, errEchoes, errEndless} {
		if errors.Is(context.Cause(ctx), cause) {
			why.Err = cause
			return &why
		}
	}
	var exited interface{ ExitStatus() int }
	switch {
	case err == nil:
		return &why
	case errors.As(err, &exited):
		why.Status, why.Err = exited.ExitStatus(), err
		return &why
	}
	return err
}

// said returns in one line what came before the answer, without control characters.
func (o *opening) said() string {
	var words []string
	for _, h := range []*front{&o.facts, &o.log} {
		said := h.said
		if !h.begun {
			said = append(bytes.Clone(said), h.rest...)
		}
		words = append(words, strings.Fields(strings.Map(plain, string(said)))...)
	}
	text := strings.Join(words, " ")
	if len(text) > mostShown {
		text = strings.ToValidUTF8(text[:mostShown], "") + "..."
	}
	return text
}

const mostShown = 160

func plain(r rune) rune {
	if unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// greet passes on what came before the answer, once.
func (o *opening) greet() {
	if said := o.said(); said != "" && !o.told {
		Greet(o.m, said)
	}
	o.told = true
}

// front is the beginning of a stream. It passes on what comes after the mark.
type front struct {
	*opening
	to    io.Writer
	stop  func() // called when the stream has begun
	begun bool
	said  []byte // the first part of what came before
	rest  []byte // what came last, which may have a part of the mark
	all   int    // bytes before the mark
}

// Bounds of what comes before an answer.
const (
	mostKept = 4 << 10
	mostSaid = 1 << 20
)

func (h *front) Write(p []byte) (int, error) {
	rest, err := h.take(p)
	if err == nil && len(rest) > 0 {
		_, err = h.to.Write(rest)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// take returns what is of the answer.
func (h *front) take(p []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.begun {
		return p, nil
	}
	h.rest = append(h.rest, p...)
	mark := []byte(h.mark + "began\n")
	if before, after, found := bytes.Cut(h.rest, mark); found {
		h.keep(before)
		h.rest, h.begun = nil, true
		h.begins()
		return after, nil
	}
	if n := len(h.rest) - len(mark) + 1; n > 0 {
		h.keep(h.rest[:n])
		h.rest = append(h.rest[:0], h.rest[n:]...)
	}
	return nil, h.hopeless()
}

func (h *front) keep(p []byte) {
	h.all += len(p)
	h.said = append(h.said, p[:min(len(p), mostKept-len(h.said))]...)
}

// begins notes that a stream has begun.
func (h *front) begins() {
	if h.stop != nil {
		h.stop()
	}
	if h.facts.begun && h.log.begun {
		h.greet()
	}
}

// hopeless ends the command if what it prints shows that no answer will come.
func (h *front) hopeless() error {
	var why error
	switch sent := h.text[:min(len(h.text), 100)]; {
	case bytes.Contains(h.said, []byte(sent)):
		why = errEchoes
	case h.all > mostSaid:
		why = errEndless
	default:
		return nil
	}
	h.interrupted(why)
	return why
}
