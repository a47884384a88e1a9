package script

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// factWriter reads the facts in a script's stdout as they arrive.
type factWriter struct {
	gate   *gate
	ready  func()
	onFact func(key, value string)
	output io.Writer // gets everything after ready; nil: more facts follow
	trace  func(line string)
	isOpen bool
	ended  bool // the answer is complete
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
		// This error ends the script. Keep it, since Exec may return only the
		// script's exit status.
		w.err = errTooLong
		return 0, errTooLong
	}
	return len(p), nil
}

func (w *factWriter) line(line string) {
	key, value, ok := strings.Cut(line, "=")
	if key != "answered" {
		w.trace(line)
	}
	switch {
	case line == "ready" && !w.isOpen:
		w.isOpen = true
		close(w.gate.open)
		if w.ready != nil {
			w.ready()
		}
	case !ok:
		w.err = errors.Join(w.err, fmt.Errorf("unexpected line %.200q in a script's answer", line))
	case key == "answered":
		w.ended = true
	case key == "error":
		w.reason = value
	case key == "fenced":
		w.err = errors.Join(w.err, &Fenced{value})
	case w.onFact != nil:
		w.onFact(key, value)
	}
}
