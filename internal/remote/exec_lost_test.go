package remote

import (
	"testing"
	"testing/synctest"
	"time"
)

// Exec returns only once it is known whether the connection is gone too: the
// caller reconnects only if Lost says so.
func TestACommandIsReportedLostOnlyAfterItsConnection(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // the connection ends; 0: it does not
		lost  bool
	}{
		"the connection too":   {50 * time.Millisecond, true},
		"the command alone":    {0, false},
		"much later, too late": {time.Second, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			conn := &Conn{name: "web1", gone: make(chan struct{})}
			if c.after > 0 {
				time.AfterFunc(c.after, func() { close(conn.gone) })
			}
			err := conn.explained(errNoExit)
			if err == nil || conn.Lost() != c.lost {
				t.Errorf("%s: %v, lost: %t", name, err, conn.Lost())
			}
		})
	}
}
