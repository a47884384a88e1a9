package setup

import (
	"strconv"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// What one run of setup has made, from bare servers, needs nothing more: a
// second run, here by the workflow of the documentation, changes nothing.
func TestABareServerBecomesReady(t *testing.T) {
	s := readySite(t)
	began := s.modules()
	s.workflow(s.inventory, "had nothing to change on 2 servers", "a later step sees ready, 0 changes, ready ready")
	if n := s.modules() - began; n == 0 || n > mostModules {
		t.Errorf("a setup that changes nothing runs %d modules of Ansible on a web server, and may run %d", n, mostModules)
	}
	for _, h := range []*lab.Host{s.web, s.builder} {
		if state := s.root(h, "systemctl is-system-running; systemctl --failed --no-legend"); state != "running" {
			t.Errorf("%s is %s", h.Name, state)
		}
		s.root(h, "command -v zstd") // or releases travel with gzip
	}
}

// mostModules bounds what a setup takes: each module is a way to the server and a Python that starts there. Work goes
// into a module that is there already, as entries of a list.
const mostModules = 18

// modules returns how many modules have been run on the web server: each writes a line to the system's log.
func (s *site) modules() int {
	s.Helper()
	n, err := strconv.Atoi(s.root(s.web, "journalctl --quiet --no-pager | grep -c ': Invoked with ' || true"))
	s.Must(err)
	return n
}
