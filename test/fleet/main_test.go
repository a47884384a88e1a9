// Package fleet tries, on eight real hosts, what one run does with many: all or
// none, batches, what may fail, locks, and deploys in parts. The releases are
// light ones. All combinations of what goes wrong where are package rollout's
// tables.
//
// Files that end in _full_test.go have the breadth: "make full" runs them.
package fleet

import (
	"fmt"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: allHosts()}) }

func allHosts() (names []string) {
	for n := range 8 {
		names = append(names, fmt.Sprintf("web%d", n+1))
	}
	return names
}
