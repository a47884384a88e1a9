package script

import (
	"context"
	"slices"
	"strconv"
)

// UnitLog returns the last lines of the unit log since a time, in seconds of
// the host's own clock.
func (h Host) UnitLog(ctx context.Context, unit string, since int64, most int) ([]string, error) {
	return h.unitLog(ctx, unit, since, most, "")
}

// EndedUnitLog does the same for a unit that started after that time and has
// ended. It waits a moment until the journal is complete.
func (h Host) EndedUnitLog(ctx context.Context, unit string, since int64, most int) ([]string, error) {
	return h.unitLog(ctx, unit, since, most, "yes")
}

func (h Host) unitLog(ctx context.Context, unit string, since int64, most int, ended string) ([]string, error) {
	var lines []string
	err := h.quiet(ctx, call{
		script: "unitlog",
		args:   args{{"unit", unit}, {"since", strconv.FormatInt(since, 10)}, {"ended", ended}},
		onFact: func(_, value string) { lines = append(lines, value) },
	})
	return slices.Clone(lines[max(0, len(lines)-most):]), err
}
