package unitlog

import (
	"encoding/json"
	"regexp"
	"strconv"
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
	whole string // as it came
	from  string // the process that logged it, such as app[7]
	text  string // the message, without the process and colours
	level level
}

var (
	// sourceRE matches what the journal puts before a message.
	sourceRE = regexp.MustCompile(`^([^\s:\[]+(?:\[\d+\])?): ?`)
	// colourRE matches colours whose escape character was removed, too.
	colourRE = regexp.MustCompile(`\x1b?\[(?:0|1|22|3[0-9]|9[0-7])m`)
	// bracketRE matches a level in brackets, as Elixir's Logger and lager write it.
	bracketRE = regexp.MustCompile(`^(.{0,200}?)\[(debug|info|notice|warn|warning|error|critical|alert|emergency)\]`)
	// colonRE matches a level after a time, as Erlang's logger writes it.
	colonRE = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)? \[?(debug|info|notice|warn|warning|error|critical|alert|emergency)\]?:? `)
	// pairRE matches a level in logfmt.
	pairRE = regexp.MustCompile(`(?:^|\s)(?:level|severity|lvl)="?(\w+)"?(?:\s|$)`)
	// reportRE matches the first line of a report of SASL or error_logger.
	reportRE = regexp.MustCompile(`^=([A-Z]+) REPORT====`)
	// stampRE matches a time at the beginning of a line.
	stampRE = regexp.MustCompile(`^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d`)
	// crashRE matches the beginning of a line that says that something crashed, in any
	// format.
	crashRE = regexp.MustCompile(`^(?:\*\* \((?:\w|\.)+\)|ERROR! |\{?"?Kernel pid terminated|Runtime terminating during boot|\{"init terminating in|init terminating in|` +
		`Crash dump is being written|could not (?:start|compile)|Could not start|erlexec: |escript: |Protocol '|.{0,120}(?:error while loading shared libraries|: not found$|: No such file or directory$|: Permission denied$|Segmentation fault))`)
)

var levels = map[string]level{
	"debug": lowLevel, "info": lowLevel, "notice": lowLevel, "information": lowLevel, "trace": lowLevel,
	"warn": warningLevel, "warning": warningLevel,
	"error": errorLevel, "err": errorLevel, "critical": errorLevel, "crit": errorLevel, "alert": errorLevel, "emergency": errorLevel, "fatal": errorLevel, "panic": errorLevel,
}

// parsed reads a line.
func parsed(whole string) line {
	l := line{whole: whole, text: whole}
	if m := sourceRE.FindStringSubmatch(whole); m != nil {
		l.from, l.text = m[1], whole[len(m[0]):]
	}
	l.text = strings.TrimRight(colourRE.ReplaceAllString(l.text, ""), " \t")
	l.level = levelOf(l.text)
	return l
}

func levelOf(text string) level {
	if fields := fieldsOf(text); fields != nil {
		return levels[strings.ToLower(first(fields, "level", "severity", "lvl", "log.level"))]
	}
	if m := reportRE.FindStringSubmatch(text); m != nil {
		return reportLevel(m[1])
	}
	if crashRE.MatchString(text) {
		return errorLevel
	}
	for _, re := range []*regexp.Regexp{colonRE, bracketRE, pairRE} {
		if m := re.FindStringSubmatch(text); m != nil {
			return levels[strings.ToLower(m[len(m)-1])]
		}
	}
	return noLevel
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

// continues reports whether a line belongs to an entry before it.
func (l line) continues(e entry) bool {
	head := e.head()
	switch {
	case l.from != head.from && l.from != "" && !strings.HasPrefix(l.whole, " "):
		return false
	case strings.HasPrefix(l.text, " ") || strings.HasPrefix(l.text, "\t") || l.from == "" && strings.HasPrefix(l.whole, " "):
		return true
	case crashRE.MatchString(l.text):
		// An exception belongs to the message that announces it.
		return strings.HasPrefix(l.text, "** (") && e.grave() && !strings.HasPrefix(head.text, "** (")
	case l.level != noLevel || stampRE.MatchString(l.text) || strings.HasPrefix(l.text, "{"):
		return false
	}
	// A message of several lines, such as the state of a process that crashed.
	return e.grave() && !strings.HasPrefix(l.from, "systemd[") && (head.isHead() || len(e.lines) > 1)
}

// isHead reports whether the line has a level of its own, in a log whose messages all
// have one. What follows such a line without a level belongs to it.
func (l line) isHead() bool { return l.level != noLevel && !crashRE.MatchString(l.text) }

// fieldsOf returns the fields of a line in JSON, those of nested objects too, or nil.
func fieldsOf(text string) map[string]string {
	if !strings.HasPrefix(text, "{\"") || !strings.HasSuffix(text, "}") {
		return nil
	}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return nil
	}
	fields := map[string]string{}
	flatten(object, fields, 4)
	return fields
}

// flatten adds the fields of an object. Those of outer objects count more.
func flatten(object map[string]any, fields map[string]string, depth int) {
	for name, value := range object {
		switch v := value.(type) {
		case string:
			fields[strings.ToLower(name)] = v
		case float64:
			fields[strings.ToLower(name)] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	for _, value := range object {
		inner, ok := value.(map[string]any)
		if !ok || depth == 0 {
			continue
		}
		below := map[string]string{}
		flatten(inner, below, depth-1)
		for name, v := range below {
			if _, known := fields[name]; !known {
				fields[name] = v
			}
		}
	}
}

// first returns the first of some fields that is there.
func first(fields map[string]string, names ...string) string {
	for _, name := range names {
		if v := fields[name]; v != "" {
			return v
		}
	}
	return ""
}
