//go:build full

package playbook

import (
	"syscall"
	"testing"
)

func TestAnySignalCancelsAnywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("jump")
	s.start("web1")
	s.cancelled(syscall.SIGTERM, waiting(3), "--hosts", s.addr("web1"), "--jump-hosts", s.user+"@"+s.addr("jump"))
	s.cancelled(syscall.SIGINT, waiting(4), "--hosts", "local")
}
