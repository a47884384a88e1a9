package build

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/apxr/slipway/internal/progress"
)

const (
	maxOutputLine  = 16 << 10 // the rest of a longer line is ignored
	maxMessage     = 4 << 10  // GitHub shows no more of an annotation
	maxComplaint   = 300      // lines; no diagnostic is longer
	maxDiagnostics = 1000     // per build: nobody reads more, and all are kept in memory
)

// A diagnoser reads the output of mix compile or mix release. It reports the errors
// and warnings of the compilers of Elixir 1.6 to 1.18 and of Erlang, with their
// places. testdata/diagnose has samples of the output.
type diagnoser struct {
	locate func(app, file string) string
	found  func(progress.Annotation)

	mu      sync.Mutex
	line    []byte     // the beginning of an incomplete line
	app     string     // named by the latest "==> app"
	failing string     // named by "== Compilation error in file", until its exception follows
	open    *complaint // the one being read, or nil
	seen    map[progress.Annotation]bool
	failed  map[string]bool // files for which an error was reported
}

// newDiagnoser returns a diagnoser. The function locate gets the application of the
// latest "==> app" line (empty if there was none) and a file name as it was
// printed. It returns the file's path from the top of the repository, or "" for a
// file that is not in it, such as a dependency's.
func newDiagnoser(locate func(app, file string) string, found func(progress.Annotation)) *diagnoser {
	return &diagnoser{locate: locate, found: found, seen: map[progress.Annotation]bool{}, failed: map[string]bool{}}
}

// Write never fails.
func (d *diagnoser) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for part := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(part, []byte{'\n'})
		d.line = append(d.line, text[:min(len(text), maxOutputLine-len(d.line))]...)
		if ended {
			d.endLine()
		}
	}
	return len(p), nil
}

// Close reports a diagnostic at the end of the output.
func (d *diagnoser) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endLine()
	d.conclude()
	return nil
}

var escape = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

func (d *diagnoser) endLine() {
	text := escape.ReplaceAllString(strings.ToValidUTF8(string(d.line), ""), "")
	d.line = d.line[:0]
	text = strings.TrimRight(text, "\r")
	text = text[strings.LastIndexByte(text, '\r')+1:] // drop what the carriage return overwrote
	d.read(strings.TrimRight(text, " "))
}

// Only the names of source files match, so that a host and its port do not.
const (
	inFile = `([^\s:]+\.(?:exs?|[lh]?eex|sface|[ehxy]rl))`
	atLine = inFile + `:(\d+)(?::(\d+))?`
)

var (
	appLine     = regexp.MustCompile(`^==> (\S+)(?: \(compile\))?$`)
	failingLine = regexp.MustCompile(`^== Compilation error in file (.+) ==$`)
	raisedLine  = regexp.MustCompile(`^\*\* \(([\w.]+)\) ?(.*)$`)
	headLine    = regexp.MustCompile(`^( *)(warning|error): (.*)$`)
	erlangLine  = regexp.MustCompile(`^([^\s:]+\.[ehxy]rl):(\d+)(?::(\d+))?: (?:([Ww]arning): )?(.*)$`)
)

// read handles a line without its line break.
func (d *diagnoser) read(line string) {
	if m := headLine.FindStringSubmatch(line); m != nil && !d.open.wantsText() {
		d.begin(&complaint{severity: progress.Severity(m[2]), title: "Elixir " + m[2], indent: len(m[1]), text: []string{m[3]}})
	} else if m := raisedLine.FindStringSubmatch(line); m != nil {
		d.begin(raise(m[1], m[2], d.failing))
		d.failing = ""
	} else if m := erlangLine.FindStringSubmatch(line); m != nil {
		d.begin(erlang(m))
	} else if m := failingLine.FindStringSubmatch(line); m != nil {
		d.begin(nil)
		d.failing = m[1]
	} else if m := appLine.FindStringSubmatch(line); m != nil {
		d.begin(nil)
		d.app = m[1]
	} else if d.open != nil && !d.open.read(line) {
		d.conclude()
	}
}

func (d *diagnoser) begin(c *complaint) {
	d.conclude()
	d.open = c
}

// conclude reports the open complaint.
func (d *diagnoser) conclude() {
	c := d.open
	d.open = nil
	if c == nil {
		return
	}
	if c.failing != "" {
		c.places = append(c.places, place{file: c.failing}) // the file alone, if there is nothing better
	}
	for _, p := range c.places {
		if d.report(c, p) && !c.everywhere {
			return
		}
	}
}

// report reports a complaint at a place, and returns whether that place is in the
// repository.
func (d *diagnoser) report(c *complaint, p place) bool {
	path := d.locate(d.app, p.file)
	if path == "" || c.repeats && d.failed[path] {
		return path != ""
	}
	a := progress.Annotation{
		Severity: c.severity, File: path, Line: max(1, p.line), Column: p.column, Title: c.title, Message: c.message(),
	}
	if d.seen[a] || len(d.seen) == maxDiagnostics {
		return true
	}
	d.seen[a] = true
	if a.Severity == progress.SeverityError {
		d.failed[path] = true
	}
	d.found(a)
	return true
}

type place struct {
	file         string
	line, column int
}

// placeOf returns the place that the groups of atLine matched.
func placeOf(groups []string) place {
	line, _ := strconv.Atoi(groups[1])
	column, _ := strconv.Atoi(groups[2])
	return place{groups[0], line, column}
}

// A complaint is a diagnostic that is being read.
type complaint struct {
	severity   progress.Severity
	title      string
	indent     int // of its first line, and so of all its lines
	text       []string
	places     []place // candidates: the first one in the repository counts
	everywhere bool    // all places count
	lines      int     // lines read
	size       int     // bytes of text

	// Only for an exception:
	raised  bool
	failing string // the file that was being compiled
	located bool   // its own text names the place
	repeats bool   // it only says that errors were printed before
	traced  bool   // its text has ended; source lines and stack trace follow
}

// erlang makes a complaint of a line of erlc. Such a complaint has no other lines.
func erlang(m []string) *complaint {
	c := &complaint{severity: progress.SeverityError, title: "Erlang error", text: []string{m[5]}, places: []place{placeOf(m[1:4])}}
	if m[4] != "" {
		c.severity, c.title = progress.SeverityWarning, "Erlang warning"
	}
	return c
}

var (
	raisedAt   = regexp.MustCompile(`^(?:[\w ]+ on )?` + atLine + `:(?: (.*))?$`)
	repeatedAt = regexp.MustCompile(`^` + inFile + `: (cannot compile .*\(errors have been logged\))$`)
)

func raise(name, text, failing string) *complaint {
	c := &complaint{severity: progress.SeverityError, title: name, raised: true, failing: failing}
	if m := raisedAt.FindStringSubmatch(text); m != nil {
		c.located, c.places, text = true, []place{placeOf(m[1:4])}, m[4]
	} else if m := repeatedAt.FindStringSubmatch(text); m != nil {
		c.located, c.repeats, c.places, text = true, true, []place{{file: m[1]}}, m[2]
	}
	if text != "" {
		c.text = []string{text}
	}
	return c
}

// wantsText reports whether the complaint still needs its text: since Elixir 1.16
// the text of a syntax error is in a box below it.
func (c *complaint) wantsText() bool { return c != nil && c.located && len(c.text) == 0 }

// read handles a line after the first, and returns whether it belongs to c.
func (c *complaint) read(line string) bool {
	if c.lines++; c.lines > maxComplaint {
		return false
	}
	if c.raised {
		return c.readRaised(line)
	}
	return c.readPrinted(line)
}

var (
	gutterLine = regexp.MustCompile(`^ *(?:\d+ *)?[│|]`)
	placeLine  = regexp.MustCompile(`^(?: *(└─) |  )` + inFile + `(?::(\d+)(?::(\d+))?)?(?:: .*)?$`)
	libraryAt  = regexp.MustCompile(`^  \([^)]+\) \S`)
	foundAt    = regexp.MustCompile(`(?i)\bfound at( \d+ locations)?:?$`)
)

func (c *complaint) readPrinted(line string) bool {
	if m := placeLine.FindStringSubmatch(line); m != nil {
		// Without a box, a list of places is a stack trace, unless a line such as
		// "found at 2 locations" announced it.
		c.everywhere = c.everywhere || m[1] != ""
		c.places = append(c.places, placeOf(m[2:5]))
		return true
	}
	if len(c.places) > 0 || libraryAt.MatchString(line) {
		return libraryAt.MatchString(line)
	}
	if m := foundAt.FindStringSubmatch(line); m != nil {
		c.everywhere = c.everywhere || m[1] != ""
	} else if !gutterLine.MatchString(line) {
		c.add(line)
	}
	return true
}

var (
	frameLine = regexp.MustCompile(`^    ` + atLine + `: `)
	bareFrame = regexp.MustCompile(`^    (?:\([^)]*\) .*|\S+(?:\(.*\)|/\d+))$`)
)

func (c *complaint) readRaised(line string) bool {
	if m := frameLine.FindStringSubmatch(line); m != nil {
		c.traced = true
		c.trace(placeOf(m[1:4]))
		return true
	}
	switch {
	case bareFrame.MatchString(line), gutterLine.MatchString(line):
		c.traced = true
	case c.traced, c.located && line != "" && line[0] != ' ':
		return false
	case headLine.MatchString(line): // the text in the box: see wantsText
		c.add(headLine.FindStringSubmatch(line)[3])
	default:
		c.add(line)
	}
	return true
}

// trace adds a place of the stack trace if it is in the file that was being
// compiled. If no file was, a script was running: mix.exs or one in config.
func (c *complaint) trace(p place) {
	if p.file == c.failing || c.failing == "" && strings.HasSuffix(p.file, ".exs") {
		c.places = append(c.places, p)
	}
}

// add adds a line of text.
func (c *complaint) add(line string) {
	if c.size > maxMessage {
		return
	}
	c.size += len(line)
	shown := strings.TrimLeft(line, " ")
	c.text = append(c.text, line[min(c.indent, len(line)-len(shown)):])
}

func (c *complaint) message() string {
	message := strings.Trim(strings.Join(c.text, "\n"), "\n")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "")
	}
	return message
}
