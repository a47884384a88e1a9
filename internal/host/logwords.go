package host

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// severity says how much a message of a unit log matters.
type severity int

const (
	plain severity = iota
	warning
	bad
)

// message is a message of a unit log. A program writes a message of several lines as
// one journal entry for each line.
type message struct {
	from     string // the program and its process, as in "app[7]: "
	lines    []string
	at       float64
	severity severity
	headed   bool // its first line has a level, so the lines after it may belong to it
	times    int
}

var fromRE = regexp.MustCompile(`^\S+\[\d+\]: |^\S+: `)

// messagesOf returns the messages since the last start that somebody asked for: the
// lines of the release that was stopped before are left out.
func messagesOf(lines []script.LogLine) (all []message) {
	for _, line := range sinceStart(lines) {
		from := fromRE.FindString(line.Text)
		text := strings.TrimRight(line.Text[len(from):], " ")
		at, _ := strconv.ParseFloat(line.At, 64) // by the script it is a number
		if text == "" {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].continues(from, text, at, line) {
			all[last].add(text, at)
			continue
		}
		m := message{from: from, times: 1}
		m.add(text, at)
		m.severity, m.headed = severityOf(from, text), headRE.MatchString(text) || raisedRE.MatchString(text)
		all = append(all, m)
	}
	return all
}

// oneMessage is more than a program takes to write one message.
const oneMessage = 0.1 // seconds

// continues reports whether a line belongs to the message.
func (m message) continues(from, text string, at float64, line script.LogLine) bool {
	if from == "" || strings.HasPrefix(line.Text, " ") {
		return true // of one journal entry
	}
	return from == m.from && m.headed && at-m.at < oneMessage && !headRE.MatchString(text) && !strings.HasPrefix(from, "systemd[")
}

func (m *message) add(text string, at float64) {
	m.lines, m.at = append(m.lines, text), at
	if raisedRE.MatchString(text) {
		m.severity = bad
	}
}

var (
	stoppedRE = regexp.MustCompile(`^systemd\[1\]: Stopped `)
	startedRE = regexp.MustCompile(`^systemd\[1\]: Start(?:ed|ing) `)
)

// sinceStart returns the lines after systemd has stopped what ran before.
func sinceStart(lines []script.LogLine) []script.LogLine {
	for i, line := range lines {
		switch {
		case startedRE.MatchString(line.Text):
			return lines
		case stoppedRE.MatchString(line.Text):
			return lines[i+1:]
		}
	}
	return lines
}

var (
	levelRE  = regexp.MustCompile(`(?i)\[(debug|info|notice|warn|warning|error|critical|alert|emergency|fatal)\]|\b(?:level|severity|lvl)["']?\s*[=:]\s*["']?(debug|info|notice|warn|warning|error|critical|alert|emergency|fatal)\b`)
	reportRE = regexp.MustCompile(`^=(ERROR|CRASH|SUPERVISOR|WARNING|INFO|PROGRESS) REPORT`)
	headRE   = regexp.MustCompile(levelRE.String() + `|` + reportRE.String() + `|^ERROR!`)
	// raisedRE matches an exception as Elixir prints it.
	raisedRE = regexp.MustCompile(`\*\* \(([A-Za-z][\w.]*)\) ?(.*)`)
	badRE    = regexp.MustCompile(`^(?:ERROR|FATAL|CRITICAL)\b|\b[Ee]rror: |[Kk]ernel pid terminated|Runtime terminating|init terminating|Segmentation fault|oom-kill|[Oo]ut of memory`)
	warnRE   = regexp.MustCompile(`^(?:WARN|WARNING)\b|^warning: `)
	// systemdRE matches how systemd says that a unit is in trouble.
	systemdRE = regexp.MustCompile(`[Ff]ailed|Main process exited|[Kk]illed|timed out|too quickly`)
)

func severityOf(from, text string) severity {
	if strings.HasPrefix(from, "systemd[") {
		if systemdRE.MatchString(text) {
			return warning
		}
		return plain
	}
	if m := levelRE.FindStringSubmatch(text); m != nil {
		return severityNamed(strings.ToLower(m[1] + m[2]))
	}
	switch {
	case strings.HasPrefix(text, "=INFO"), strings.HasPrefix(text, "=PROGRESS"):
		return plain
	case strings.HasPrefix(text, "=WARNING"), warnRE.MatchString(text):
		return warning
	case reportRE.MatchString(text), badRE.MatchString(text):
		return bad
	}
	return plain
}

func severityNamed(level string) severity {
	switch level {
	case "debug", "info", "notice":
		return plain
	case "warn", "warning":
		return warning
	}
	return bad
}

var (
	requestIDRE = regexp.MustCompile(`request_?id["']?\s*[=:]\s*["']?([\w.=-]+)`)
	answeredRE  = regexp.MustCompile(`\bSent \d{3} in `)
	methodRE    = regexp.MustCompile(`\bGET\b|\bslipway\b`)
)

// withoutOwn returns the messages without those about requests of the health URL, and
// their number. What an application warns about is kept.
func withoutOwn(all []message, health *url.URL) (others []message, own int) {
	if health == nil {
		return all, 0
	}
	path := regexp.MustCompile(`(?:^|[\s"'=])` + regexp.QuoteMeta(health.EscapedPath()) + `(?:$|[\s"',?])`)
	ids, awaited := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		text, id := strings.Join(m.lines, "\n"), ""
		if found := requestIDRE.FindStringSubmatch(text); found != nil {
			id = found[1]
		}
		asks := path.MatchString(text) && methodRE.MatchString(text)
		answers := id == "" && awaited[m.from] && answeredRE.MatchString(text)
		switch {
		case m.severity != plain, !asks && !answers && !ids[id]:
			others = append(others, m)
			continue
		case asks && id != "":
			ids[id] = true
		case asks:
			awaited[m.from] = true
		case answers:
			delete(awaited, m.from)
		}
		own++
	}
	return others, own
}
