// Package builds tests the build verb on the lab's real build host: what a
// person gets who names a repository, over SSH and on the machine itself.
//
// Each promise is tested once, with as few builds as that takes: a build is half
// of what these tests cost. All kinds of projects, managers, credentials and
// mistakes, one by one, have the build tag full.
package builds

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build", "git"}}) }
