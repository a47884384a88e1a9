package chaos

import (
	"fmt"
	"os"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// full is the whole matrix, with real BEAM releases too.
var full = os.Getenv("CHAOS") == "full"

// Most of a case's time goes by with waiting, so there are many hosts.
const hostsFull, hostsShort = 12, 8

func TestMain(m *testing.M) {
	var hosts []string
	if full {
		hosts = []string{"build", "git"}
	}
	for i := range webHosts() {
		hosts = append(hosts, fmt.Sprintf("web%d", i+1))
	}
	labtest.Main(m, lab.Options{Hosts: hosts})
}

func webHosts() int {
	if full {
		return hostsFull
	}
	return hostsShort
}
