// Package hosts tries, on real hosts, what one deploy or rollback does to one
// host: what it refuses, how it proves, how it goes back. The releases are light
// ones, so that there can be many; package e2e has real ones.
//
// Files that end in _full_test.go have the breadth: "make full" runs them.
package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// The tests take any of the first hosts; the other two are jump hosts.
const (
	hosts                 = 4
	firstJump, secondJump = "web5", "web6"
)

func TestMain(m *testing.M) {
	labtest.Main(m, lab.Options{Hosts: []string{"web1", "web2", "web3", "web4", firstJump, secondJump}})
}
