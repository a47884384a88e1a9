// Package hosts tries, on real hosts, what one deploy or rollback does to one
// host: what it refuses, how it proves, how it goes back. The releases are light
// ones, so that there can be many; package e2e has real ones.
package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) {
	labtest.Main(m, lab.Options{Hosts: []string{"web1", "web2", "web3", "web4"}})
}
