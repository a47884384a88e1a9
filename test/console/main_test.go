// Package console looks inside of a real release on a real host, as a person at a
// terminal does: through a pseudo-terminal, with the command line as a program.
//
// What the setup phase makes for it (wrapper, environment, rules) is made by
// setup.sh here. All ways in and out, one by one, have the build tag full.
package console

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// The build host has an Erlang to build the release with, and epmd.
func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build"}}) }
