// Package setup turns bare servers into a web server and a build server by
// "slipway setup", as a person would, and then lives with them: builds, deploys,
// migrates, looks inside, goes back, reboots, tries to break out.
//
// The tests are steps of one story and run in the order of the files' names:
// each server is set up once. What the roles do in detail is tested beside them.
package setup

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) {
	// bare1 becomes the web server; bare2 is build server and web server in one.
	labtest.Main(m, lab.Options{Hosts: []string{"bare1", "bare2", "git", "web1"}})
}
