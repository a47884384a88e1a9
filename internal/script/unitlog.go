package script

import (
	"context"
	"strconv"
)

// LogLine is a line of a unit log: the program that wrote it, and its text.
type LogLine struct {
	At   string // seconds of the host's clock; a further line of a message has the time of the first one
	Text string
}

// UnitLog returns the latest lines of the unit log since a time, in seconds of the
// host's own clock. A host shows at most its last 100 messages.
func (h Host) UnitLog(ctx context.Context, unit string, since int64) ([]LogLine, error) {
	return h.unitLog(ctx, unit, since, "")
}

// EndedUnitLog does the same for a unit that started after that time and has
// ended. It waits a moment until the journal is complete.
func (h Host) EndedUnitLog(ctx context.Context, unit string, since int64) ([]LogLine, error) {
	return h.unitLog(ctx, unit, since, "yes")
}

func (h Host) unitLog(ctx context.Context, unit string, since int64, ended string) ([]LogLine, error) {
	var lines []LogLine
	at := ""
	err := h.quiet(ctx, call{
		script: "unitlog",
		args:   args{{"unit", unit}, {"since", strconv.FormatInt(since, 10)}, {"ended", ended}},
		onFact: func(key, value string) {
			switch key {
			case "at":
				at = value
			case "line":
				lines = append(lines, LogLine{at, value})
			}
		},
	})
	return lines, err
}
