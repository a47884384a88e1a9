package script

import (
	"context"
	"slices"
	"strconv"
)

// UnitLog returns the last lines of the unit log since a time, in seconds of
// the host's own clock.
func UnitLog(ctx context.Context, m Machine, unit string, since int64, most int) ([]string, error) {
	return unitLog(ctx, m, unit, since, most, "")
}

// EndedUnitLog is UnitLog of a unit that was started since then and has ended. It
// waits a moment until the journal has all of it.
func EndedUnitLog(ctx context.Context, m Machine, unit string, since int64, most int) ([]string, error) {
	return unitLog(ctx, m, unit, since, most, "yes")
}

func unitLog(ctx context.Context, m Machine, unit string, since int64, most int, ended string) ([]string, error) {
	var lines []string
	err := call{
		script: "unitlog",
		args:   args{{"unit", unit}, {"since", strconv.FormatInt(since, 10)}, {"ended", ended}},
		onFact: func(_, value string) { lines = append(lines, value) },
	}.run(ctx, m)
	return slices.Clone(lines[max(0, len(lines)-most):]), err
}
