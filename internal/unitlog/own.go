package unitlog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Request is the request that Slipway itself sends again and again, and that the
// application may log.
type Request struct {
	Method string
	Path   string // with the query; empty: none is sent
	Agent  string // the User-Agent
}

var (
	// requestIDRE matches the ID that an application gives to a request.
	requestIDRE = regexp.MustCompile(`request_?id["']?\s*[=:]\s*["']?([\w.=-]+)`)
	// sentRE matches Plug's line for an answer.
	sentRE = regexp.MustCompile(`(?:^|\s|")(?:Sent|Chunked) (\d{3}) in \d`)
	// handlingRE matches what Phoenix logs between a request and its answer.
	handlingRE = regexp.MustCompile(`Processing with [\w.]+|Processing by [\w.]+`)
	// accessRE matches the status after the request in an access log.
	accessRE = regexp.MustCompile(`HTTP/[\d.]+"? (\d{3})(?:\s|$)`)
	// statusRE matches the status in logfmt.
	statusRE = regexp.MustCompile(`(?:^|\s)status(?:_code)?=(\d{3})(?:\s|$)`)
	// briefRE matches the status after the request without the version of HTTP.
	briefRE = regexp.MustCompile(`\b[A-Z]{3,7} /\S*\s+(?:->|=>|-|\||Sent|returned)?\s*(\d{3})\b`)
	// plainRE matches a request in a text that says no more of it than its answer: other
	// texts may be about its failure.
	plainRE = regexp.MustCompile(`\b([A-Z]{3,7}) (/[^\s"',]*)["',]*(?:$|\s+HTTP/[\d.]+["',]*(?:\s|$)|\s+(?:->|=>|-|\||in|Sent|returned)?\s*\d)`)
	// plugRE matches Plug's line for the beginning of a request.
	plugRE = regexp.MustCompile(`(?:^|\]\s*|\s)(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/\S*)$`)
)

// without returns the entries without those about requests of this kind that were
// answered well or not at all. Entries that say more than that stay.
func (r Request) without(all []entry) []entry {
	if r.Path == "" {
		return all
	}
	plain := make([]bool, len(all))
	for _, asked := range r.all(all) {
		if asked.plain(all) {
			for _, i := range asked.entries {
				plain[i] = true
			}
		}
	}
	var kept []entry
	for i, e := range all {
		if !plain[i] {
			kept = append(kept, e)
		}
	}
	return kept
}

// asked is what a log says about one request.
type asked struct {
	own     bool
	entries []int // their places in the log
}

func (a asked) plain(all []entry) bool {
	return !slices.ContainsFunc(a.entries, func(i int) bool {
		head := all[i].head()
		return head.level >= warningLevel || status(head) >= 400
	})
}

// all returns the requests of this kind in a log.
func (r Request) all(log []entry) (own []*asked) {
	byID, open := map[string]*asked{}, open{}
	for i, e := range log {
		head := e.head()
		id, begins := requestID(head), startsRequest(head)
		var a *asked
		switch {
		case id != "":
			if byID[id] == nil {
				byID[id] = &asked{}
				own = append(own, byID[id])
			}
			a = byID[id]
		case begins:
			a = open.begin()
			own = append(own, a)
		case answers(head):
			a = open.of(head)
		case r.in(head):
			a = &asked{}
			own = append(own, a)
		}
		if a != nil {
			a.entries = append(a.entries, i)
			a.own = a.own || r.in(head)
		}
	}
	return slices.DeleteFunc(own, func(a *asked) bool { return !a.own })
}

// open has the requests in a log without IDs that were begun and not answered.
type open struct{ requests []*asked }

func (o *open) begin() *asked {
	o.requests = append(o.requests, &asked{})
	return o.requests[len(o.requests)-1]
}

// of returns the request that an entry is about, or nil if it may be about several ones
// of different kinds.
func (o *open) of(l line) *asked {
	if len(o.requests) == 0 {
		return nil
	}
	a := o.requests[0]
	for _, other := range o.requests {
		if other.own != a.own {
			a = nil
			break
		}
	}
	if sentRE.MatchString(l.text) {
		o.requests = o.requests[1:]
	}
	return a
}

// startsRequest reports whether a line is the first of two about a request.
func startsRequest(l line) bool { return status(l) == 0 && plugRE.MatchString(l.text) }

// answers reports whether a line is about a request that the line does not name.
func answers(l line) bool { return sentRE.MatchString(l.text) || handlingRE.MatchString(l.text) }

// in reports whether a line is about such a request.
func (r Request) in(l line) bool {
	if fields := fieldsOf(l.text); fields != nil {
		return r.inFields(fields)
	}
	if r.Agent != "" && strings.HasSuffix(l.text, `"`+r.Agent+`"`) {
		return true
	}
	if method, path, found := pairs(l.text); found {
		return method == r.Method && r.is(path)
	}
	m := plainRE.FindStringSubmatch(l.text)
	return m != nil && m[1] == r.Method && r.is(m[2])
}

func (r Request) inFields(fields map[string]string) bool {
	if r.Agent != "" && first(fields, "user_agent", "useragent", "user-agent", "http_user_agent") == r.Agent {
		return true
	}
	if method := first(fields, "method", "request_method", "http_method"); method != "" && !strings.EqualFold(method, r.Method) {
		return false
	}
	if path := first(fields, "path", "request_path", "uri", "request_uri", "url"); path != "" {
		return r.is(path)
	}
	said := first(fields, "message", "msg", "request")
	return strings.HasPrefix(said, r.Method+" ") && r.in(line{text: said})
}

// is reports whether a path is that of the request, with or without its query.
func (r Request) is(path string) bool {
	bare, _, _ := strings.Cut(r.Path, "?")
	return path == r.Path || path == bare
}

var (
	methodPairRE = regexp.MustCompile(`(?:^|\s)method="?([A-Z]+)"?(?:\s|$)`)
	pathPairRE   = regexp.MustCompile(`(?:^|\s)(?:path|request_path|uri)="?([^\s"]+)"?(?:\s|$)`)
)

// pairs returns the method and the path of a line in logfmt.
func pairs(text string) (method, path string, found bool) {
	m, p := methodPairRE.FindStringSubmatch(text), pathPairRE.FindStringSubmatch(text)
	if m == nil || p == nil {
		return "", "", false
	}
	return m[1], p[1], true
}

// requestID returns the ID of the request that a line is about, or "".
func requestID(l line) string {
	if fields := fieldsOf(l.text); fields != nil {
		return first(fields, "request_id", "requestid")
	}
	if m := requestIDRE.FindStringSubmatch(l.text); m != nil {
		return m[1]
	}
	return ""
}

// status returns the HTTP status that a line reports, or 0.
func status(l line) int {
	text := l.text
	if fields := fieldsOf(text); fields != nil {
		if n, err := strconv.Atoi(first(fields, "status", "status_code", "http_status")); err == nil {
			return n
		}
		text = first(fields, "message", "msg")
	}
	for _, re := range []*regexp.Regexp{sentRE, accessRE, statusRE, briefRE} {
		if m := re.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1]) // three digits
			return n
		}
	}
	return 0
}
