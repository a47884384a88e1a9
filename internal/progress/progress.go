// Package progress is the log of a run: phases, a line for each event and its
// host, and the output of remote commands.
//
// The package does not know who reads the log: a [Face] draws it, on a terminal or
// in a GitHub log.
package progress

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/secret"
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
	secrets *secret.Set
	waits   waits
}

// New returns a log that shows *** in place of every secret.
func New(face Face, secrets ...string) *Log { return Hiding(face, secret.New(secrets, nil)) }

// Hiding does the same with a set of secrets.
func Hiding(face Face, secrets *secret.Set) *Log {
	return &Log{face: face, heard: time.Now(), secrets: secrets}
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

// Annotate logs a compiler's message about a place in the repository. Compilers
// cut the source lines that they show.
func (l *Log) Annotate(a Annotation) {
	a.File, a.Title, a.Message = l.Redact(a.File), l.Redact(a.Title), l.RedactCut(a.Message)
	l.draw(func(f Face) { f.Annotate(a) })
}

// Redact returns a text as the log would show it, for use elsewhere. It removes
// invisible characters first, so that a secret with such characters in it is found.
func (l *Log) Redact(s string) string { return l.secrets.Hide(secret.Visible(s)) }

// RedactCut does the same with text that somebody else may have cut.
func (l *Log) RedactCut(s string) string { return l.secrets.HideCut(secret.Visible(s)) }

func (l *Log) draw(f func(Face)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = time.Now()
	f(l.face)
}

// Output returns a writer that logs the output of a remote command line by line.
func (l *Log) Output(who string) *Output {
	o := &Output{}
	o.lines = lines{log: l, who: who}
	o.hidden = l.secrets.Writer(&o.lines)
	return o
}

// Output is a writer for the output of a remote command. It hides secrets before
// anything is cut.
type Output struct {
	mu     sync.Mutex
	hidden *secret.Writer // into lines
	lines  lines
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.hidden.Write(p)
}

// Close logs a last line that has no line break.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.hidden.Close(); err != nil {
		return err
	}
	o.lines.end()
	return nil
}

// lines divides output into lines and logs them.
type lines struct {
	log  *Log
	who  string
	rest []byte
}

// maxLine bounds a line in memory: a program may never write a line break.
const maxLine = 64 << 10

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte{'\n'})
		if !ok && len(l.rest) < maxLine {
			return len(p), nil
		}
		l.rest = rest
		l.tell(line)
	}
}

func (l *lines) end() {
	if len(l.rest) > 0 {
		l.tell(l.rest)
	}
	l.rest = nil
}

func (l *lines) tell(line []byte) {
	l.log.Say("", "%s | %s", l.who, settled(string(line)))
}

// settled returns the line as a terminal would show it in the end, without the
// text that a carriage return let the program overwrite.
func settled(s string) string {
	s = strings.TrimRight(s, "\r")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	return strings.TrimRight(s, " ")
}

var _ io.WriteCloser = (*Output)(nil)
