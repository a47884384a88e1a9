// Package fleet tries, on up to eight real hosts, what one run does with many: all or
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

// allHosts are those of a test with eight and of one with four beside it.
func allHosts() (names []string) {
	for n := range 12 {
		names = append(names, fmt.Sprintf("web%d", n+1))
	}
	return names
}
