package setup

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// What one run of setup has made, from bare servers, needs nothing more: a
// second run, here by the workflow of the documentation, changes nothing.
func TestABareServerBecomesReady(t *testing.T) {
	s := readySite(t)
	s.workflow(s.inventory, "had nothing to change on 2 servers", "a later step sees ready, 0 changes, ready ready")
	for _, h := range []*lab.Host{s.web, s.builder} {
		if state := s.root(h, "systemctl is-system-running; systemctl --failed --no-legend"); state != "running" {
			t.Errorf("%s is %s", h.Name, state)
		}
		s.root(h, "command -v zstd") // or releases travel with gzip
	}
}
