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
		for n in 99.9 100.0 101.5 102.25; do echo "$n web1 app[7]: line=$n error=x"; done
		echo "    and more"`)
	lines, err := s.host(nil).UnitLog(t.Context(), unit, 100)
	must(t, err)
	want := []LogLine{
		{"100.0", "app[7]: line=100.0 error=x"},
		{"101.5", "app[7]: line=101.5 error=x"},
		{"102.25", "app[7]: line=102.25 error=x"},
		{"102.25", "    and more"},
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	s.command("journalctl", "exit 1")
	_, err = s.host(nil).UnitLog(t.Context(), unit, 100)
	wantReason(t, err, "sudo journalctl --no-pager")
}

// The journal has a unit's last lines, and how it ended, only after some time.
func TestTheLogOfAUnitThatHasEndedIsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("journalctl", `echo x >>"$HOME/asked"
		echo "99.5 web1 systemd[1]: Finished the time before."
		echo "100.0 web1 systemd[1]: Starting app.service..."
		asked=$(grep -c x "$HOME/asked")
		[ "$asked" -lt 3 ] || echo "101.5 web1 systemd[1]: Finished app.service."
		[ "$asked" -lt 4 ] || echo "101.4 web1 app[7]: migrated"`)
	lines, err := s.host(nil).EndedUnitLog(t.Context(), unit, 100)
	must(t, err)
	want := []LogLine{{"100.0", "systemd[1]: Starting app.service..."}, {"101.5", "systemd[1]: Finished app.service."}, {"101.4", "app[7]: migrated"}}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	s.command("journalctl", `echo "100.0 web1 systemd[1]: Starting app.service..."`)
	if lines, err := s.host(nil).EndedUnitLog(t.Context(), unit, 100); err != nil || len(lines) != 1 {
		t.Errorf("a journal that never has the end: %q, %v", lines, err)
	}
}
