// Package setup turns bare servers into a web server and a build server by
// "slipway setup", as a person would, and then lives with them: builds, deploys,
// migrates, looks inside, goes back, reboots, tries to break out.
//
// Servers that were set up are saved, under a name that has everything in it that
// made them: with the same collection, the next run of these tests boots from
// there. Each test asks for the state that it needs, and leaves it behind.
//
// What the roles do in detail is tested beside them. What takes longer, or needs
// other servers, has the build tag full.
package setup

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) {
	// bare1 becomes the web server; bare2 is build server and web server in one.
	// The git host also is another server of the network.
	labtest.Main(m, lab.Options{Hosts: []string{"bare1", "bare2", "git"}, Saved: whatMadeThem})
}
