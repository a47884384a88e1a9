package unitlog

import (
	"slices"
	"strings"
	"testing"
)

// A log is read from a full second on, so that it may begin with the start of the
// release before.
func TestALogBeginsWithTheLastStartOnRequest(t *testing.T) {
	t.Parallel()
	const (
		start  = "systemd[1]: Started a.service - A.\n"
		starts = "systemd[1]: Starting a.service - A...\n"
		stop   = "systemd[1]: Stopping a.service - A...\na[1]: SIGTERM\nsystemd[1]: Stopped a.service - A.\n"
		crash  = "a[2]: [error] no\nsystemd[1]: a.service: Main process exited, code=exited, status=1/FAILURE\nsystemd[1]: Stopped a.service - A.\n"
	)
	for name, c := range map[string]struct{ before, since string }{
		"the stop":                          {stop, start + "a[2]: new"},
		"the start before, too":             {start + "a[1]: old\n" + stop, start + "a[2]: new"},
		"two starts before":                 {start + stop + start + "a[1]: old\n" + stop, starts + "a[2]: new"},
		"nothing ran":                       {"", start + "a[2]: new"},
		"restarts by systemd":               {start + stop, start + crash + start + crash + start + "a[2]: new"},
		"what ran before crashed":           {"a[1]: old\nsystemd[1]: Stopped a.service - A.\n", start + crash + start},
		"somebody stopped it":               {stop, start + "a[2]: new\n" + stop},
		"no start yet":                      {"", stop},
		"a start that lasts":                {stop, starts + "a[2]: new"},
		"another manager, that of the user": {strings.ReplaceAll(stop, "systemd[1]", "systemd[812]"), strings.ReplaceAll(start, "systemd[1]", "systemd[812]")},
	} {
		got, want := sinceStart(logged(c.before+c.since)), logged(c.since)
		if !slices.Equal(textsOf(got), textsOf(want)) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(textsOf(got), "\n"), strings.Join(textsOf(want), "\n"))
		}
	}
}
