// Package cause finds in the output of commands the line that says why they failed, so
// that an error has it and does not only say where to look.
//
// It knows how npm, esbuild, mix, rebar3, mise, make, git, compilers of C and shells say
// that. It does not know what was run, nor what a unit logs: that is for package unitlog.
package cause

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// Hint stands in an error whose reason is in the log. The reason takes its place.
const Hint = ": see the lines above"

const (
	lineLimit  = 16 << 10 // bytes; the rest of a longer line is ignored
	causeLines = 100      // of the end of the output: programs say first what is wrong, then how they are used
	maxCause   = 300      // bytes; a longer line is left out whole, since a part of a secret is not known as one
)

// With returns an error that has the reason in the place of its hint, and wraps err.
func With(err error, reason string) error { return explained{err, reason} }

type explained struct {
	error
	reason string
}

func (e explained) Error() string { return strings.Replace(e.error.Error(), Hint, ": "+e.reason, 1) }
func (e explained) Unwrap() error { return e.error }

// Finder is a writer for the output of some commands. The zero value is ready.
type Finder struct {
	mu    sync.Mutex
	line  []byte   // the beginning of an incomplete line
	lines []string // the last complete ones
}

// Write never fails.
func (c *Finder) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for part := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(part, []byte{'\n'})
		c.line = append(c.line, text[:min(len(text), lineLimit-len(c.line))]...)
		if ended {
			c.endLine()
		}
	}
	return len(p), nil
}

// escape is a control sequence of a terminal.
var escape = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

func (c *Finder) endLine() {
	if len(c.lines) == causeLines {
		c.lines = c.lines[1:]
	}
	text := strings.TrimRight(escape.ReplaceAllString(strings.ToValidUTF8(string(c.line), ""), ""), " \r")
	c.lines = append(c.lines, text[strings.LastIndexByte(text, '\r')+1:]) // drop what the carriage return overwrote
	c.line = c.line[:0]
}

// Explain returns an error that has the cause in it. An error that says its own
// reason stays as it is.
func (c *Finder) Explain(err error) error {
	if err == nil || !strings.Contains(err.Error(), Hint) {
		return err
	}
	if cause := c.cause(); cause != "" {
		return With(err, cause)
	}
	return err
}

// cause returns the first line that says what is wrong, or "".
func (c *Finder) cause() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.line) > 0 {
		c.endLine()
	}
	for i, line := range c.lines {
		if len(line) > maxCause {
			continue
		}
		for _, read := range []func(lines []string) string{fromESBuild, fromNPM, fromMix, fromOthers} {
			if cause := read(c.lines[i:]); cause != "" {
				return cause
			}
		}
	}
	return ""
}

var bundlerPlace = regexp.MustCompile(`^\s+(\S+:\d+:\d+):$`)

// fromESBuild reads an error whose place is two lines below it.
func fromESBuild(lines []string) string {
	said, found := strings.CutPrefix(lines[0], "✘ [ERROR] ")
	if !found {
		return ""
	}
	if len(lines) > 2 {
		if place := bundlerPlace.FindStringSubmatch(lines[2]); place != nil {
			return place[1] + ": " + said
		}
	}
	return said
}

var (
	npmLine = regexp.MustCompile(`^npm (?:ERR!|error) ?(.*)$`)
	// npmCode are npm's lines that are no sentence.
	npmCode = regexp.MustCompile(`^(?:(?:code|errno|syscall|path|dest|command|cwd|signal) \S|A complete log|$)`)
)

// fromNPM reads a sentence, which may go on in the next lines.
func fromNPM(lines []string) string {
	said := npmLine.FindStringSubmatch(lines[0])
	if said == nil || npmCode.MatchString(said[1]) {
		return ""
	}
	text := "npm: " + said[1]
	for _, line := range lines[1:] {
		more := npmLine.FindStringSubmatch(line)
		if more == nil || more[1] == "" || strings.HasSuffix(text, ".") || len(text)+len(more[1]) >= maxCause {
			break
		}
		text += " " + more[1]
	}
	return text
}

var (
	mixError = regexp.MustCompile(`^\*\* \((\w[\w.]*)\) (.+)$`)
	onlyCode = regexp.MustCompile(`^:?\d+$`)
)

// fromMix reads an exception. The status of a program is none that says why.
func fromMix(lines []string) string {
	said := mixError.FindStringSubmatch(lines[0])
	switch {
	case said == nil, onlyCode.MatchString(said[2]):
		return ""
	case said[1] == "Mix":
		return said[2]
	}
	return said[1] + ": " + said[2]
}

var saysError = regexp.MustCompile(`^(?:\S+: )*(?i:fatal|error|fatal error)(?:\[\w+\])?: \S|: (?:command )?not found$|^===> (?i:.*\b(?:failed|error|cannot|could not|unable)\b)|^make(?:\[\d+\])?: \*\*\* |^mise ERROR Failed to install `)

func fromOthers(lines []string) string {
	if !saysError.MatchString(lines[0]) {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(lines[0], "===> "), "mise ERROR ")
}
