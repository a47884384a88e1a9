// Package progress is what a run tells while it works: phases, a line per
// thing that happened with the host it happened on, and the output of remote
// commands.
//
// It does not know who reads it: a [Face] draws it, on a terminal or in a
// GitHub log.
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

// Face draws what a Log is told. Its methods are never called at the same time.
type Face interface {
	Group(title string)
	EndGroup()
	Error(message string)
	Warning(message string)
	Notice(message string)
	Annotate(a Annotation)
	// Line prints one line that may hold anything: it must not be taken for a
	// command by whoever reads the log.
	Line(text string)
}

// Severity is how bad it is what an annotation tells.
type Severity string

const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Annotation is what a compiler said of a place in the repository.
type Annotation struct {
	Severity Severity
	File     string // its path from the top of the repository
	Line     int    // from 1; 0 if it is not known
	Column   int    // likewise
	Title    string
	Message  string
}

// Log is safe for use by several goroutines.
type Log struct {
	mu      sync.Mutex
	face    Face
	heard   time.Time // when something was told last
	secrets *strings.Replacer
	waits   waits
}

// New makes a log that shows *** in place of every line of every secret.
func New(face Face, secrets ...string) *Log {
	var hidden []string
	for _, secret := range secrets {
		hidden = append(hidden, toHide(secret)...)
	}
	// At one place of a text the replacer takes the first that fits: the longest
	// has to come first, or the rest of it would be shown.
	slices.SortStableFunc(hidden, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range hidden {
		pairs = append(pairs, text, "***")
	}
	return &Log{face: face, heard: time.Now(), secrets: strings.NewReplacer(pairs...)}
}

// Shorter texts are not hidden: they are words and numbers that occur in any
// log, and *** all over it would say what they are. A secret of one line is
// somebody's choice, maybe a PIN; a line of a key is nothing by itself.
const (
	shortestSecret = 4
	shortestLine   = 6
)

// toHide is the lines of a secret that are long enough.
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

// Phase opens a group of lines; the function it returns closes it.
func (l *Log) Phase(format string, args ...any) (end func()) {
	l.draw(func(f Face) { f.Group(l.Redact(fmt.Sprintf(format, args...))) })
	return func() { l.draw(Face.EndGroup) }
}

// Say tells one thing that happened; who is a host's name or empty.
func (l *Log) Say(who, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if who != "" {
		text = who + ": " + text
	}
	for line := range strings.Lines(text) {
		l.draw(func(f Face) { f.Line(l.Redact(strings.TrimRight(line, "\r\n"))) })
	}
}

// Error tells what a person must know although the log is long.
func (l *Log) Error(message string) { l.draw(func(f Face) { f.Error(l.Redact(message)) }) }

// Warning tells what a person should look at although the run goes on.
func (l *Log) Warning(message string) { l.draw(func(f Face) { f.Warning(l.Redact(message)) }) }

// Notice tells what a person may want to know although the log is long.
func (l *Log) Notice(message string) { l.draw(func(f Face) { f.Notice(l.Redact(message)) }) }

// Annotate tells what a compiler said of a place in the repository.
func (l *Log) Annotate(a Annotation) {
	a.File, a.Title, a.Message = l.Redact(a.File), l.Redact(a.Title), l.Redact(a.Message)
	l.draw(func(f Face) { f.Annotate(a) })
}

// Redact is a text as the log shows it, for whoever shows it elsewhere. It takes
// out what cannot be seen first: a secret must not hide behind it.
func (l *Log) Redact(s string) string { return l.secrets.Replace(visible(s)) }

// visible is s without what a remote host could steer a terminal with.
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

// Output takes the output of a remote command and tells it line by line.
func (l *Log) Output(who string) *Output { return &Output{log: l, who: who} }

// Output is a writer that a remote command's output goes to.
type Output struct {
	log  *Log
	who  string
	mu   sync.Mutex
	rest []byte
}

// maxLine keeps a program that never breaks a line from filling the memory.
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

// Close tells a last line that had no line break.
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

// settled is the line as a terminal would leave it: without what a carriage
// return overwrote.
func settled(s string) string {
	s = strings.TrimRight(s, "\r")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	return strings.TrimRight(s, " ")
}

var _ io.WriteCloser = (*Output)(nil)
