package unitlog

import (
	"regexp"
	"strings"
)

// changing matches what differs between two entries that say the same.
var changing = regexp.MustCompile(strings.Join([]string{
	`\d{4}[-/]\d\d[-/]\d\d[T ]?`,                                // dates
	`\d{1,2}[-/](?:[A-Z][a-z]{2}|\d\d)[-/]\d{4}:*`,              // those of Erlang and of access logs
	`\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?[+-]\d\d:?\d\d|Z)?`,         // times
	`request_?id["']?\s*[=:]\s*["']?[\w.=-]+`,                   // IDs of requests
	`(?:trace_id|span_id|correlation_id)"?[=:]\s*"?[\w-]+`,      // and of traces
	`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]+`, // UUIDs
	`\b[0-9a-f]{12,}\b`,                                         // and other IDs
	`(?:#PID|#Reference|#Port|#Function|#Ref)?<[\d.]+>`,         // processes
	`\bprocess \d+`, // those of the system
	`\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|seconds|milliseconds)\b`, // durations
	`\b(?:attempt|retry|try|counter is at) ?[#=:]?\d+`,
	`"(?:time|ts|timestamp|duration|duration_ms|duration_us|elapsed|pid|attempt)":\s?"?[^,"}]+"?`,
	`\b(?:duration|elapsed|took|pid|time|attempt)=\S+`,
}, "|"))

// essence returns the entry without what changes each time.
func (e entry) essence() string {
	source, _, _ := strings.Cut(e.head().from, "[")
	return source + "\n" + changing.ReplaceAllString(e.text(), "~")
}

// folded counts entries that differ only in what changes each time, such as the
// time or a request's ID. The first one stays.
func folded(all []entry) []entry {
	var kept []entry
	at := map[string]int{}
	for _, e := range all {
		key := e.essence()
		if i, seen := at[key]; seen {
			kept[i].times++
			continue
		}
		at[key] = len(kept)
		kept = append(kept, e)
	}
	return kept
}
