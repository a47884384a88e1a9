// Package e2e runs Slipway as its users do, on the lab's real hosts: the
// workflows by act, the command line as a program. What is checked is checked
// from outside: over HTTP, and as root on the hosts.
package e2e

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Web: 2}) }
