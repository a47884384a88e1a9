package host

import "testing"

// Some formats have the message below the first line of an error, or in no error.
func TestTheCauseIsFoundBelowAFirstLineThatSaysNothing(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"a[7]: =CRASH REPORT==== 1-Dec-2026::07:00:00.1 ===\n+a[7]:   crasher:\n+a[7]:     exception exit: {bad_return,eacces}":                                              "exception exit: {bad_return,eacces}",
		"a[7]: /srv/app/bin/app: 12: exec: erl: not found":                                                                                                                   "/srv/app/bin/app: 12: exec: erl: not found",
		"a[7]: 12:00:00.000 [notice] Application a exited: A.start(:normal, []) returned an error: shutdown: failed to start child: A.Web\n+a[7]:     ** (EXIT) :eaddrinuse": "failed to start child: A.Web: ** (EXIT) :eaddrinuse",
		"a[7]: [error] ** (RuntimeError) no license":                                                                                                                         "RuntimeError: no license",
		"a[7]: [info] hello": "",
	} {
		h := proving(t, lost{})
		lines := logged(log)
		if got := h.cause(messagesOf(lines), lines); got != want {
			t.Errorf("%q: %q, want %q", log, got, want)
		}
	}
}
