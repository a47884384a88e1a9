package script

import (
	"slices"
	"testing"
)

func TestUnitLogSinceATime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("journalctl", `[ "$*" = "--no-pager --output=short-unix --lines=100 --unit=app.service" ] || exit 9
		echo "-- Boot 1234 --"
		for n in 99.9 100.0 101.5 102.25; do echo "$n web1 app[7]: line=$n error=x"; done`)
	lines, err := UnitLog(t.Context(), s, unit, 100, 2)
	must(t, err)
	if want := []string{"app[7]: line=101.5 error=x", "app[7]: line=102.25 error=x"}; !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	s.command("journalctl", "exit 1")
	_, err = UnitLog(t.Context(), s, unit, 100, 2)
	wantReason(t, err, "sudo journalctl --no-pager")
}
