package script

import (
	"io"
	"strings"
	"testing"
)

// closing is a log that counts how often it was opened and closed.
type closing struct {
	strings.Builder
	opened, closed int
}

func (c *closing) open() io.WriteCloser { c.opened++; return c }
func (c *closing) Close() error         { c.closed++; return nil }

func TestAHostsLogIsOpenedForOneScriptAndClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("rm", "echo rm says no >&2; exit 1")
	s.write("", "releases", string(r1)+".part", "x")
	log := &closing{}
	h := Host{Machine: s, Layout: s.Layout, Token: ours, Log: log.open}
	if err := h.Tidy(t.Context()); err == nil || log.opened != 1 || log.closed != 1 || !strings.Contains(log.String(), "rm says no") {
		t.Errorf("opened %d times, closed %d times: %q, %v", log.opened, log.closed, log.String(), err)
	}
	if err := h.Recheck(t.Context(), r1); err == nil || log.opened != 2 || log.closed != 2 {
		t.Errorf("opened %d times, closed %d times: %v", log.opened, log.closed, err)
	}
}

func TestWhatHasNothingToLogOpensNoLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	log := &closing{}
	h := Host{Machine: s, Layout: s.Layout, Token: ours, Log: log.open}
	_, err := h.Probe(t.Context(), []string{unit}, nil)
	must(t, err)
	must(t, h.Conclude(t.Context(), record("1")))
	must(t, h.Forget(t.Context(), "1"))
	_, _, err = h.Prepare(t.Context(), r1, "k", Environment{})
	must(t, err)
	lock, err := h.Lock(t.Context(), Holder{What: "deploy"}, Wait{})
	must(t, err)
	lock.Release()
	if log.opened != 0 {
		t.Errorf("opened %d times: %q", log.opened, log.String())
	}
}
