//go:build full

package sample

import (
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build", "git"}}) }
