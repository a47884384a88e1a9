//go:build full

package gitserver_test

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build"}}) }
