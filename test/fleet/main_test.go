// Package fleet tries, on eight real hosts, what one run does with many: all or
// none, batches, what may fail, locks, and deploys in parts. The releases are
// light ones.
package fleet

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) {
	labtest.Main(m, lab.Options{Hosts: []string{"web1", "web2", "web3", "web4", "web5", "web6", "web7", "web8"}})
}
