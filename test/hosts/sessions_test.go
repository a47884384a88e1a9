package hosts

import (
	"fmt"
	"testing"
)

// An sshd that allows few sessions on a connection makes a deploy slower, and
// nothing else.
func TestFewSessionsAreEnough(t *testing.T) {
	w := newWorld(t)
	w.cleanup("rm -f /etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh")
	for i, most := range []int{2, 10} {
		w.root(fmt.Sprintf("echo 'MaxSessions %d' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh", most))
		first := w.Deploy(2*i+1, "SLIPWAY_ENV=GREETING=hello\n", "SLIPWAY_BEFORE_ACTIVATE=true", "SLIPWAY_AFTER_ACTIVATE=true")
		w.runs(first)
		w.runs(w.Deploy(2*i + 2))
		if r := w.Slipway("rollback"); r.Code != 0 {
			t.Errorf("MaxSessions %d: %s", most, r.Said())
		}
		w.runs(first)
	}
}
