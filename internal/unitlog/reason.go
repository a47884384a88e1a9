package unitlog

import (
	"regexp"
	"strings"
)

// MostReason limits the length of a reason, in characters.
const MostReason = 120

var (
	// exceptionRE matches an exception of Elixir.
	exceptionRE = regexp.MustCompile(`\*\* \(([A-Z][\w.]*)\) .+`)
	// erlangRE matches an exception in a crash report of Erlang.
	erlangRE = regexp.MustCompile(`exception (?:exit|error|throw): .+`)
	// deathRE matches how the VM or the program itself says why it ends.
	deathRE  = regexp.MustCompile(`^(?:\{?"?Kernel pid terminated|Runtime terminating during boot|\{?"?init terminating in|could not start|Could not start|erlexec: |.{0,120}(?:error while loading shared libraries|: not found$|: No such file or directory$|: Permission denied$|Segmentation fault))`)
	childRE  = regexp.MustCompile(`failed to start child: .+`)
	exitedRE = regexp.MustCompile(`\*\* \(EXIT\) (?:[^s].*|s[^h].*)[^:]$`) // but "shutdown: ..."
	// refusedRE matches why a supervisor's child did not start, in a report.
	refusedRE = regexp.MustCompile(`^\s*[Rr]eason:\s+\S`)
	// exitRE matches what systemd logs about the end of a process. 143 is the status
	// of the release before, which was stopped.
	exitRE = regexp.MustCompile(`Main process exited, code=(?:exited, status=(?:[1-9]|[1-9]\d|1[0-35-9]\d|14[0-24-9]|2\d\d)/|killed|dumped)|killed by the OOM killer|Failed to (?:execute|locate|load|set up|start)`)
)

// Reason returns the line that says best why the application does not work, shortened
// to [MostReason] characters, or "" if there is none. An exception says more than the
// message that announces it, and the first of several is the cause of the others.
func Reason(lines []string) string {
	all := entries(lines)
	for _, find := range []func(entry) string{exception, message, death, ended} {
		for _, e := range all {
			if text := find(e); text != "" {
				return short(text)
			}
		}
	}
	return ""
}

// exception returns the exception in an entry.
func exception(e entry) string {
	if e.head().level == lowLevel && !crashes(e) {
		return ""
	}
	for _, l := range e.lines {
		text := said(l)
		if m := exceptionRE.FindStringSubmatch(text); m != nil && m[1] != "EXIT" {
			return text[exceptionRE.FindStringIndex(text)[0]:]
		}
		if found := erlangRE.FindString(text); found != "" {
			return found
		}
	}
	return ""
}

// crashes reports whether an entry of a low level tells of the end of an application.
func crashes(e entry) bool { return strings.Contains(said(e.head()), "exited: ") }

// message returns the message of an error.
func message(e entry) string {
	text := said(e.head())
	switch {
	case crashes(e) && e.head().level == lowLevel:
		return innermost(e)
	case !e.grave() || deathRE.MatchString(text):
		return ""
	case reportRE.MatchString(text):
		return inReport(e)
	}
	return afterLevel(text)
}

// innermost returns which child of an application did not start, and why. The lines
// above those name its supervisors.
func innermost(e entry) string {
	child, why := "", ""
	for _, l := range e.lines {
		if m := childRE.FindString(l.text); m != "" {
			child = m
		}
		if m := exitedRE.FindString(l.text); m != "" {
			why = m
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
	if len(e.lines) > 1 {
		return strings.TrimSpace(e.lines[1].text)
	}
	return ""
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
	if strings.HasPrefix(e.head().from, "systemd[") && exitRE.MatchString(e.head().text) {
		return e.head().text
	}
	return ""
}

// said returns the message of a line, that of a JSON line too.
func said(l line) string {
	fields := fieldsOf(l.text)
	if fields == nil {
		return l.text
	}
	text := first(fields, "message", "msg", "event", "error", "reason")
	if text != "" && l.level == errorLevel && !strings.Contains(text, "** (") {
		return "[error] " + text
	}
	return text
}

// afterLevel returns a message from its level on, without time and metadata.
func afterLevel(text string) string {
	if m := colonRE.FindStringSubmatchIndex(text); m != nil {
		return "[" + text[m[2]:m[3]] + "] " + strings.TrimSpace(text[m[1]:])
	}
	if m := bracketRE.FindStringSubmatchIndex(text); m != nil {
		return text[m[3]:]
	}
	return text
}

// short puts a text on one line, and cuts it if it is long.
func short(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	runes := []rune(strings.Join(strings.Fields(line), " "))
	if len(runes) <= MostReason {
		return string(runes)
	}
	return strings.TrimSpace(string(runes[:MostReason-3])) + "..."
}
