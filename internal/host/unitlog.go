package host

import (
	"context"
	"net/http"
	"slices"
	"strconv"

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
		log, own := unitlog.Read(unitLines(h.logs.lines[unit])), h.ownRequest()
		h.result.UnitLog = append(h.result.UnitLog, log.Shown(own, logLines)...)
		if h.result.Cause == "" {
			h.result.Cause = log.Cause(own)
		}
	}
	if h.logs.err != nil {
		h.result.UnitLog = append(h.result.UnitLog, h.run.Log.RedactCut(h.logs.err.Error()))
	}
}

func unitLines(lines []script.LogLine) []unitlog.Line {
	all := make([]unitlog.Line, len(lines))
	for i, line := range lines {
		at, _ := strconv.ParseFloat(line.At, 64) // by the script it is a number
		all[i] = unitlog.Line{At: at, Text: line.Text}
	}
	return all
}

// ownRequest returns the request by which the host's health is checked.
func (h *Host) ownRequest() unitlog.Request {
	health := h.plan().Health
	if health == nil || health.URL == nil {
		return unitlog.Request{}
	}
	return unitlog.Request{Method: http.MethodGet, Path: health.URL.RequestURI(), Agent: userAgent}
}
