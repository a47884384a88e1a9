//go:build full

package builds

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// A build that dies in whatever phase leaves nothing that the next one could
// trip over, and no process.
func TestABuildKilledInAnyPhaseIsBuiltRightAgain(t *testing.T) {
	s := newSite(t, "killed")
	p := s.publish(sample.Plain(s.app))
	good, _ := s.build()
	for i, phase := range []string{"Check out", "Tools", "Project", "Dependencies", "Release"} {
		for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
			// Something to do in every phase.
			s.Must(p.Write("lib/extra.ex", fmt.Sprintf("defmodule Extra do\n  def n, do: %d\nend\n", i)))
			s.push(p, "more")
			s.dies(phase, signal)
			s.Must(p.Remove("lib/extra.ex"))
			s.push(p, "less")
			id, _ := s.build()
			s.same(good, id, fmt.Sprintf("%s in phase %s", signal, phase))
			s.nothingLeft()
			s.noCompiler()
		}
	}
}
