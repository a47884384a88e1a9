package unitlog

import (
	"regexp"
	"strings"
)

// mostCause limits the length of a cause, in characters.
const mostCause = 200

var (
	// exceptionRE matches an exception of Elixir. Those with a name in small letters
	// are not: (exit), (stop), (throw), and (EXIT).
	exceptionRE = regexp.MustCompile(`\*\* \((?:[A-Z]\w*\.)*([A-Z]\w*[a-z]\w*)\)(?: |$)(.*)`)
	// stopRE matches why a process of Elixir stops.
	stopRE = regexp.MustCompile(`\*\* \((?:stop|exit)\) (.+[^:])$`)
	// erlangRE matches an exception in a crash report of Erlang.
	erlangRE = regexp.MustCompile(`exception (?:exit|error|throw): .+`)
	// terminatesRE matches the heading above why a process of Erlang stops.
	terminatesRE = regexp.MustCompile(`^\*\* Reason for termination ==$`)
	// deathRE matches how the VM or the program itself says why it ends.
	deathRE = regexp.MustCompile(`^(?:\{?"?[Kk]ernel pid terminated|Runtime terminating during boot|\{?"?init terminating in|[Cc]ould not start|erlexec: |` +
		`.{0,120}(?:error while loading shared libraries|: not found$|: No such file or directory$|: Permission denied$|Segmentation fault))`)
	childRE = regexp.MustCompile(`failed to start child: .+`)
	// exitRE matches the innermost reason for which an application ended.
	exitRE = regexp.MustCompile(`\*\* \(EXIT\) (?:[^s].*|s[^h].*)[^:]$`) // but "shutdown: ..."
	// refusedRE matches why a supervisor's child did not start, in a report.
	refusedRE = regexp.MustCompile(`^\s*[Rr]eason:\s+\S`)
	// endRE matches what systemd logs about the end of a process. 143 is the status of
	// the release before, which was stopped.
	endRE      = regexp.MustCompile(`Main process exited, code=(?:exited, status=(?:[1-9]|[1-9]\d|1[0-35-9]\d|14[0-24-9]|2\d\d)/|killed|dumped)|killed by the OOM killer|Failed to (?:execute|locate|load|set up|start)`)
	statusOfRE = regexp.MustCompile(`code=(\w+), status=(\d+)(/\w+)?`)
)

// Cause returns the text that says best why the application does not work, on one line,
// or "". An exception says more than the message that announces it, and the first of
// several is the cause of the others. An error about Slipway's own request counts more
// than one before it.
func (log Log) Cause(own Request) string {
	for _, e := range log.entries {
		if e.grave() && own.isIn(e) {
			if text := (Log{[]entry{e}}).cause(); text != "" {
				return text
			}
		}
	}
	return log.cause()
}

// isIn reports whether an entry names the path of the request. Any path may begin with
// that of the root.
func (r Request) isIn(e entry) bool {
	path, _, _ := strings.Cut(r.Path, "?")
	return path != "" && path != "/" && strings.Contains(e.text(), " "+path)
}

func (log Log) cause() string {
	for _, find := range []func(entry) string{exception, message, death, ended} {
		for _, e := range log.entries {
			if text := find(e); text != "" {
				return onOneLine(text)
			}
		}
	}
	return ""
}

// exception returns the exception in an entry.
func exception(e entry) string {
	if e.head().level == lowLevel {
		return ""
	}
	for i, l := range e.lines {
		text := said(l)
		if m := exceptionRE.FindStringSubmatch(text); m != nil {
			if m[2] == "" && i+1 < len(e.lines) {
				m[2] = strings.TrimSpace(e.lines[i+1].text)
			}
			return m[1] + ": " + m[2]
		}
		if found := erlangRE.FindString(text); found != "" {
			return found
		}
	}
	return ""
}

// message returns the message of an error.
func message(e entry) string {
	text := said(e.head())
	switch {
	case !e.grave() || deathRE.MatchString(text):
		return ""
	case exitedRE.MatchString(text):
		return innermost(e)
	case reportRE.MatchString(text):
		return inReport(e)
	}
	text = afterLevel(text)
	if why := whyStopped(e); why != "" && !strings.Contains(text, why) {
		text = strings.TrimSuffix(text, ":") + ": " + why
	}
	return text
}

// whyStopped returns why a process stops, which is below the line that names it.
func whyStopped(e entry) string {
	for i, l := range e.lines {
		if m := stopRE.FindStringSubmatch(l.text); m != nil {
			return m[1]
		}
		if terminatesRE.MatchString(l.text) && i+1 < len(e.lines) {
			return strings.TrimSpace(strings.TrimPrefix(e.lines[i+1].text, "** "))
		}
	}
	return ""
}

// innermost returns which child of an application did not start, and why. The lines
// above those name its supervisors.
func innermost(e entry) string {
	child, why := "", ""
	for _, l := range e.lines {
		if m := childRE.FindString(l.text); m != "" {
			child = m
		}
		if m := exitRE.FindString(l.text); m != "" {
			why = strings.TrimPrefix(m, "** (EXIT) ")
		}
	}
	switch {
	case child == "" && why == "":
		return afterLevel(e.head().text)
	case child == "" || why == "":
		return child + why
	}
	return child + ": " + why
}

// inReport returns the line of a report that says most.
func inReport(e entry) string {
	for _, l := range e.lines[1:] {
		if refusedRE.MatchString(l.text) {
			return strings.TrimSpace(l.text)
		}
	}
	if len(e.lines) == 1 {
		return ""
	}
	text := strings.TrimPrefix(strings.TrimSpace(e.lines[1].text), "** ")
	if why := whyStopped(e); why != "" {
		text += ": " + why
	}
	return text
}

// death returns why the VM or the program itself ended.
func death(e entry) string {
	for _, l := range e.lines {
		if deathRE.MatchString(l.text) {
			return l.text
		}
	}
	return ""
}

// ended returns what systemd says about a process that ended.
func ended(e entry) string {
	text := e.head().text
	if !e.head().ofSystemd() || !endRE.MatchString(text) {
		return ""
	}
	if m := statusOfRE.FindStringSubmatch(text); m != nil {
		if m[1] != "exited" {
			return "killed by signal " + m[2] + m[3]
		}
		if len(m[2]) < 3 || m[2] < "200" {
			m[3] = "" // systemd names the status as init scripts use it
		}
		return "exit status " + m[2] + m[3]
	}
	_, text, _ = strings.Cut(text, ": ")
	return text
}

var (
	fieldsWithMessage = []string{"message", "msg", "event", "error", "reason"}
	// logfmtRE matches the message in logfmt.
	logfmtRE = regexp.MustCompile(`\b(?:message|msg|error)=\s*"((?:[^"\\]|\\.)*)"`)
)

// said returns the message of a line, that of a line of fields too.
func said(l line) string {
	if fields := fieldsOf(l.text); fields != nil {
		return first(fields, fieldsWithMessage...)
	}
	if m := logfmtRE.FindStringSubmatch(l.text); m != nil {
		return m[1]
	}
	return l.text
}

// afterLevel returns a message without time, level and metadata.
func afterLevel(text string) string {
	for _, re := range []*regexp.Regexp{colonRE, bracketRE} {
		if m := re.FindStringIndex(text); m != nil {
			return strings.TrimSpace(text[m[1]:])
		}
	}
	return strings.TrimSpace(stampRE.ReplaceAllString(text, ""))
}

// onOneLine cuts a text that is long.
func onOneLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	runes := []rune(strings.Join(strings.Fields(line), " "))
	if len(runes) > mostCause {
		return strings.TrimSpace(string(runes[:mostCause-1])) + "…"
	}
	return string(runes)
}
