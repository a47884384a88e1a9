package build

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

const (
	causeLines = 100 // of the end of the output: programs say first what is wrong, then how they are used
	maxCause   = 300 // bytes; a longer line is left out whole, since a part of a secret is not known as one
)

// A causeFinder reads the output of the commands of a phase, and finds the line that
// says why the last one failed. It knows how npm, esbuild, mix, rebar3, make, git,
// compilers of C and shells say that.
type causeFinder struct {
	mu    sync.Mutex
	line  []byte   // the beginning of an incomplete line
	lines []string // the last complete ones
}

// Write never fails.
func (c *causeFinder) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for part := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(part, []byte{'\n'})
		c.line = append(c.line, text[:min(len(text), maxOutputLine-len(c.line))]...)
		if ended {
			c.endLine()
		}
	}
	return len(p), nil
}

func (c *causeFinder) endLine() {
	if len(c.lines) == causeLines {
		c.lines = c.lines[1:]
	}
	text := strings.TrimRight(escape.ReplaceAllString(strings.ToValidUTF8(string(c.line), ""), ""), " \r")
	c.lines = append(c.lines, text[strings.LastIndexByte(text, '\r')+1:]) // drop what the carriage return overwrote
	c.line = c.line[:0]
}

// explain returns an error that has the cause in it. An error that says its own
// reason stays as it is.
func (c *causeFinder) explain(err error) error {
	if err == nil || !strings.HasSuffix(err.Error(), lookAbove) {
		return err
	}
	if cause := c.cause(); cause != "" {
		return explained{err, cause}
	}
	return err
}

// cause returns the first line that says what is wrong, or "".
func (c *causeFinder) cause() string {
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

var saysError = regexp.MustCompile(`^(?:\S+: )*(?i:fatal|error|fatal error)(?:\[\w+\])?: \S|: (?:command )?not found$|^===> (?i:.*\b(?:failed|error|cannot|could not|unable)\b)|^make(?:\[\d+\])?: \*\*\* `)

func fromOthers(lines []string) string {
	if !saysError.MatchString(lines[0]) {
		return ""
	}
	return strings.TrimPrefix(lines[0], "===> ")
}
