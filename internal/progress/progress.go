// Package progress is the log of a run: phases, a line for each event and its
// host, and the output of remote commands.
//
// The package does not know who reads the log: a [Face] draws it, on a terminal or
// in a GitHub log.
package progress

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Face draws a Log. A Log never calls two of its methods at the same time.
type Face interface {
	Group(title string)
	EndGroup()
	Error(message string)
	Warning(message string)
	Notice(message string)
	Annotate(a Annotation)
	// Line prints one line of arbitrary text. A reader of the log, such as
	// GitHub's runner, must not take it for a command.
	Line(text string)
}

// Severity is the severity of an annotation.
type Severity string

const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Annotation is a compiler's message about a place in the repository.
type Annotation struct {
	Severity Severity
	File     string // path relative to the top of the repository
	Line     int    // counted from 1; 0 if unknown
	Column   int    // counted from 1; 0 if unknown
	Title    string
	Message  string
}

// Log writes the log of a run. It is safe for use by several goroutines.
type Log struct {
	mu      sync.Mutex
	face    Face
	heard   time.Time // when something was last logged
	secrets *strings.Replacer
	waits   waits
}

// New returns a log that shows *** in place of every line of every secret.
func New(face Face, secrets ...string) *Log {
	var hidden []string
	for _, secret := range secrets {
		hidden = append(hidden, toHide(secret)...)
	}
	// The replacer takes the first text that matches at a place. So the longest
	// comes first, or the rest of it would be shown.
	slices.SortStableFunc(hidden, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range hidden {
		pairs = append(pairs, text, "***")
	}
	return &Log{face: face, heard: time.Now(), secrets: strings.NewReplacer(pairs...)}
}

// Shorter texts are not hidden: they are words and numbers that occur in any log,
// and *** in many places would give them away. The limit for a secret of one line
// is lower, since a person chose it and it may be a PIN. A single short line of a
// key is useless without the others.
const (
	shortestSecret = 4
	shortestLine   = 6
)

// toHide returns the lines of a secret that are long enough.
func toHide(secret string) (hidden []string) {
	secret = strings.TrimSpace(visible(secret))
	shortest := shortestSecret
	if strings.Contains(secret, "\n") {
		shortest = shortestLine
	}
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); utf8.RuneCountInString(line) >= shortest {
			hidden = append(hidden, line)
		}
	}
	return hidden
}

// Phase opens a group of lines. The function that it returns closes the group.
func (l *Log) Phase(format string, args ...any) (end func()) {
	l.draw(func(f Face) { f.Group(l.Redact(fmt.Sprintf(format, args...))) })
	return func() { l.draw(Face.EndGroup) }
}

// Say logs one event; who is a host's name, or empty.
func (l *Log) Say(who, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if who != "" {
		text = who + ": " + text
	}
	for line := range strings.Lines(text) {
		l.draw(func(f Face) { f.Line(l.Redact(strings.TrimRight(line, "\r\n"))) })
	}
}

// Error logs what a person must see, however long the log is.
func (l *Log) Error(message string) { l.draw(func(f Face) { f.Error(l.Redact(message)) }) }

// Warning logs what a person should look at, although the run goes on.
func (l *Log) Warning(message string) { l.draw(func(f Face) { f.Warning(l.Redact(message)) }) }

// Notice logs what a person may want to see, however long the log is.
func (l *Log) Notice(message string) { l.draw(func(f Face) { f.Notice(l.Redact(message)) }) }

// Annotate logs a compiler's message about a place in the repository.
func (l *Log) Annotate(a Annotation) {
	a.File, a.Title, a.Message = l.Redact(a.File), l.Redact(a.Title), l.Redact(a.Message)
	l.draw(func(f Face) { f.Annotate(a) })
}

// Redact returns a text as the log would show it, for use elsewhere. It removes
// invisible characters first, so that a secret with such characters in it is found.
func (l *Log) Redact(s string) string { return l.secrets.Replace(visible(s)) }

// visible removes the control characters, with which a remote host could control
// a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

func (l *Log) draw(f func(Face)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = time.Now()
	f(l.face)
}

// Output returns a writer that logs the output of a remote command line by line.
func (l *Log) Output(who string) *Output { return &Output{log: l, who: who} }

// Output is a writer for the output of a remote command.
type Output struct {
	log  *Log
	who  string
	mu   sync.Mutex
	rest []byte
}

// maxLine bounds a line in memory: a program may never write a line break.
const maxLine = 64 << 10

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		line, rest, ok := bytes.Cut(o.rest, []byte{'\n'})
		if !ok && len(o.rest) < maxLine {
			return len(p), nil
		}
		o.rest = rest
		o.tell(line)
	}
}

// Close logs a last line that has no line break.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.rest) > 0 {
		o.tell(o.rest)
	}
	o.rest = nil
	return nil
}

func (o *Output) tell(line []byte) {
	o.log.Say("", "%s | %s", o.who, settled(string(line)))
}

// settled returns the line as a terminal would show it in the end, without the
// text that a carriage return let the program overwrite.
func settled(s string) string {
	s = strings.TrimRight(s, "\r")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	return strings.TrimRight(s, " ")
}

var _ io.WriteCloser = (*Output)(nil)
