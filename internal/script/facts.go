package script

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// factWriter reads the facts in a script's stdout as they arrive.
type factWriter struct {
	gate    *gate
	ready   func()
	onFact  func(key, value string)
	output  io.Writer // gets everything after ready; nil: more facts follow
	trace   func(line string)
	isOpen  bool
	ended   bool // the answer is complete
	reason  string
	err     error
	rest    []byte
	left    allowance // how much may still come
	step    string
	stop    func() // ends the call
	tooMuch error  // why the rest of the answer is not read
}

const maxFact = 1 << 20

var errTooLong = fmt.Errorf("a line of a script's answer is too long: %w", bufio.ErrTooLong)

func (w *factWriter) Write(p []byte) (int, error) {
	if w.isOpen && w.output != nil {
		return w.output.Write(p)
	}
	if w.tooMuch != nil {
		return 0, w.tooMuch
	}
	if w.left.spend(len(p)) {
		return 0, w.refuse(w.left.exceeded(w.step))
	}
	w.rest = append(w.rest, p...)
	if err := w.lines(); err != nil {
		return 0, err
	}
	if len(w.rest) > maxFact {
		return 0, w.refuse(errTooLong)
	}
	return len(p), nil
}

// refuse ends the call. The script may go on writing, and the machine may not tell it
// that nobody reads that.
func (w *factWriter) refuse(why error) error {
	w.tooMuch = why
	w.stop()
	return why
}

// lines takes the whole lines that have come.
func (w *factWriter) lines() error {
	rest := w.rest
	for {
		line, after, ok := bytes.Cut(rest, []byte{'\n'})
		if !ok {
			break
		}
		rest = after
		if w.left.facts--; w.left.facts < 0 {
			return w.refuse(w.left.exceeded(w.step))
		}
		w.line(string(line))
		if w.isOpen && w.output != nil {
			_, err := w.output.Write(rest)
			w.rest = nil
			return err
		}
	}
	w.rest = append(w.rest[:0], rest...)
	return nil
}

func (w *factWriter) line(line string) {
	key, value, ok := strings.Cut(line, "=")
	if key != "answered" {
		w.trace(line)
	}
	switch {
	case w.ended: // the login shell prints a farewell
	case line == "ready" && !w.isOpen:
		w.isOpen = true
		w.gate.unlock()
		if w.ready != nil {
			w.ready()
		}
	case !ok && w.err != nil: // one is enough
	case !ok:
		w.err = errors.Join(w.err, fmt.Errorf("unexpected line %.200q in a script's answer", line))
	case key == "answered":
		w.ended = true
	case key == "error":
		w.reason = complete(value)
	case key == "fenced":
		w.err = errors.Join(w.err, &Fenced{value})
	case w.onFact != nil:
		w.onFact(key, value)
	}
}

// complete returns a script's reason, also if what it quotes after a colon is empty.
func complete(reason string) string {
	if short := strings.TrimRight(reason, ": "); strings.HasSuffix(strings.TrimRight(reason, " "), ":") {
		return short + ": the command gave no reason"
	}
	return reason
}
