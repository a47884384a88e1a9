package chaos

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// full is the whole matrix, with real BEAM releases too.
var full = os.Getenv("CHAOS") == "full"

// Most of a case's time goes by with waiting, so there are several hosts. Each
// takes 7 of the 128 inotify instances that root has on most machines.
const hostsFull, hostsShort = 8, 4

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
	if n, err := strconv.Atoi(os.Getenv("CHAOS_HOSTS")); err == nil {
		return n
	}
	if full {
		return hostsFull
	}
	return hostsShort
}
