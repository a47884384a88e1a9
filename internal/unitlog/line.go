package unitlog

import (
	"regexp"
	"strings"
)

type level int

const (
	noLevel level = iota // the line does not say it
	lowLevel
	warningLevel
	errorLevel
)

// line is one line of the log.
type line struct {
	at    float64
	whole string // as it came
	from  string // the process that logged it, such as app[7]
	text  string // the message, without the process and colours
	level level
	named bool // the message names its level, as each one does in most formats
}

var (
	// sourceRE matches what the journal puts before a message.
	sourceRE = regexp.MustCompile(`^([^\s:\[]+(?:\[\d+\])?): ?`)
	// colourRE matches colours whose escape character was removed, too.
	colourRE = regexp.MustCompile(`\x1b?\[(?:0|1|22|3[0-9]|9[0-7])m`)
	// bracketRE matches a level in brackets, as Elixir's Logger and lager write it.
	bracketRE = regexp.MustCompile(`(?i)^(.{0,200}?)\[(debug|info|notice|warn|warning|error|critical|alert|emergency|fatal)\]`)
	// colonRE matches a level after a time, as Erlang's logger writes it.
	colonRE = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)? \[?(debug|info|notice|warn|warning|error|critical|alert|emergency)\]?:? `)
	// pairRE matches a level in logfmt.
	pairRE = regexp.MustCompile(`(?:^|\s)(?:level|severity|lvl)="?(\w+)"?(?:\s|$)`)
	// reportRE matches the first line of a report of SASL or error_logger.
	reportRE = regexp.MustCompile(`^=([A-Z]+) REPORT====`)
	// stampRE matches a time at the beginning of a line.
	stampRE = regexp.MustCompile(`^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d`)
	// exitedRE matches how Erlang reports an application that ended, at a low level.
	exitedRE = regexp.MustCompile(`Application \S+ exited: `)
	// crashRE matches the beginning of a line that says that something crashed, in any
	// format.
	crashRE = regexp.MustCompile(`^(?:\*\* \((?:\w|\.)+\)|ERROR! |could not compile|escript: |Protocol ')|` + deathRE.String())
	// badRE matches errors in lines of no format.
	badRE  = regexp.MustCompile(`^(?:ERROR|FATAL|CRITICAL)\b|\b[Ee]rror: |\*\* \([A-Z][\w.]*\) |oom-kill|[Oo]ut of memory`)
	warnRE = regexp.MustCompile(`^(?:WARN|WARNING)\b|^warning: `)
	// troubleRE matches how systemd says that a unit is in trouble.
	troubleRE = regexp.MustCompile(`[Ff]ailed|Main process exited|[Kk]illed|timed out|too quickly`)
)

var levels = map[string]level{
	"debug": lowLevel, "info": lowLevel, "notice": lowLevel, "information": lowLevel, "trace": lowLevel,
	"warn": warningLevel, "warning": warningLevel,
	"error": errorLevel, "err": errorLevel, "critical": errorLevel, "crit": errorLevel, "alert": errorLevel, "emergency": errorLevel, "fatal": errorLevel, "panic": errorLevel,
}

// parsed reads a line.
func parsed(raw Line) line {
	l := line{at: raw.At, whole: raw.Text, text: raw.Text}
	if m := sourceRE.FindStringSubmatch(raw.Text); m != nil {
		l.from, l.text = m[1], raw.Text[len(m[0]):]
	}
	l.text = strings.TrimRight(colourRE.ReplaceAllString(l.text, ""), " \t\r")
	switch {
	case !l.ofSystemd():
		l.level, l.named = levelOf(l.text)
	case troubleRE.MatchString(l.text):
		l.level = warningLevel
	}
	return l
}

func (l line) ofSystemd() bool { return strings.HasPrefix(l.from, "systemd[") }

// levelOf returns the level of a message, and whether the message names it.
func levelOf(text string) (l level, named bool) {
	if exitedRE.MatchString(text) {
		return errorLevel, true
	}
	if fields := fieldsOf(text); fields != nil {
		return levels[strings.ToLower(first(fields, "level", "severity", "lvl", "log.level"))], true
	}
	if m := reportRE.FindStringSubmatch(text); m != nil {
		return reportLevel(m[1]), true
	}
	if crashRE.MatchString(text) {
		return errorLevel, false
	}
	for _, re := range []*regexp.Regexp{colonRE, bracketRE, pairRE} {
		if m := re.FindStringSubmatch(text); m != nil {
			return levels[strings.ToLower(m[len(m)-1])], true
		}
	}
	switch {
	case warnRE.MatchString(text):
		return warningLevel, false
	case badRE.MatchString(text):
		return errorLevel, false
	}
	return noLevel, false
}

// reportLevel returns the level of a kind of report.
func reportLevel(kind string) level {
	switch kind {
	case "CRASH", "ERROR", "SUPERVISOR":
		return errorLevel
	case "WARNING":
		return warningLevel
	}
	return lowLevel
}

// oneMessage is more than a program takes to write one message of several lines.
const oneMessage = 0.1 // seconds

// continues reports whether a line belongs to an entry before it.
func (l line) continues(e entry) bool {
	head, last := e.head(), e.lines[len(e.lines)-1]
	switch {
	case l.from == "" || strings.HasPrefix(l.whole, " "):
		return true // of one journal entry
	case l.from != head.from || l.ofSystemd() || l.at-last.at >= oneMessage:
		return false
	case strings.HasPrefix(l.text, " ") || strings.HasPrefix(l.text, "\t"):
		return true
	case crashRE.MatchString(l.text):
		// An exception belongs to the message that announces it.
		return strings.HasPrefix(l.text, "** (") && e.grave() && !strings.HasPrefix(head.text, "** (")
	case l.named || stampRE.MatchString(l.text) || strings.HasPrefix(l.text, "{"):
		return false
	}
	// A message of several lines, such as the state of a process that crashed.
	return e.grave() && (head.named || len(e.lines) > 1)
}
