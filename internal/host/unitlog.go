package host

import (
	"context"
	"regexp"
	"slices"

	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/internal/unitlog"
)

const (
	logLines = 20
	// A host shows only the last 100 messages of a unit, so the first ones after a
	// switch are read in time: a look may cost the application several messages.
	looksUntilRead = 20
)

// unitLogs are the logs of the host's units since the activation.
type unitLogs struct {
	lines map[string][]script.LogLine // by the name of the unit
	err   error                       // why they cannot be read
}

// readLogs reads what the units have logged since the activation, and adds it to what
// was read before.
func (h *Host) readLogs(ctx context.Context) {
	if h.logs.lines == nil {
		h.logs.lines = map[string][]script.LogLine{}
	}
	h.logs.err = nil
	for _, unit := range h.plan().Units {
		now, err := h.script().UnitLog(ctx, unit, h.seen.since(h.activated))
		if err != nil {
			h.logs.err = err
			return
		}
		for i := range now {
			now[i].Text = h.run.Log.RedactCut(now[i].Text) // journald cuts long ones
		}
		h.logs.lines[unit] = joined(h.logs.lines[unit], now)
	}
}

// cause returns what a unit log says about the cause of a failure, or "".
func (h *Host) cause(all []message, lines []script.LogLine) string {
	if cause := causeIn(all, h.plan().Health); cause != "" && !bareRE.MatchString(cause) {
		return cause
	}
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = line.Text
	}
	return unitlog.Reason(texts)
}

// bareRE matches a first line whose message is in the lines below it, or in a field.
var bareRE = regexp.MustCompile(`^=[A-Z]+ REPORT|^\[notice\] Application |^\d{4}-\d\d-\d\d|^\{|\\\\n|"metadata"`)

// joined returns the lines of both. The second ones may begin before the first ones
// end.
func joined(before, now []script.LogLine) []script.LogLine {
	for common := min(len(before), len(now)); common > 0; common-- {
		if slices.Equal(before[len(before)-common:], now[:common]) {
			return append(before, now[common:]...)
		}
	}
	return append(before, now...)
}

// tellLogs notes in the result what the units logged since the activation, and what
// that says about the cause of a failure. A log that cannot be read is a line of the
// result, not an error.
func (h *Host) tellLogs(ctx context.Context) {
	h.readLogs(ctx)
	for _, unit := range h.plan().Units {
		all := messagesOf(h.logs.lines[unit])
		h.result.UnitLog = append(h.result.UnitLog, picked(all, h.plan().Health, logLines)...)
		if h.result.Cause == "" {
			h.result.Cause = h.cause(all, h.logs.lines[unit])
		}
	}
	if h.logs.err != nil {
		h.result.UnitLog = append(h.result.UnitLog, h.run.Log.RedactCut(h.logs.err.Error()))
	}
}
