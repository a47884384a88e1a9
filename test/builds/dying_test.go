package builds

import (
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// dies starts a build and sends a signal to Slipway as soon as it is in a phase.
// In the phase that compiles, a compiler is there to be ended.
func (s *site) dies(phase string, signal syscall.Signal) {
	s.Helper()
	cmd := s.Command("build-release")
	said := newTranscript()
	cmd.Stderr = said
	s.Must(cmd.Start())
	s.Until("phase "+phase, func() bool { return said.has("==> " + phase) })
	if phase == "Release" {
		s.waitFor("pgrep -u deploy -f '[m]ix release'")
	}
	s.Must(cmd.Process.Signal(signal))
	err := cmd.Wait()
	s.Logf("%s in %q: %v\n%s", signal, phase, err, said)
	if cmd.ProcessState.Success() {
		s.Fatalf("%s: the build ended before it could be killed", phase)
	}
}

// noCompiler checks that no build has left a compiler.
func (s *site) noCompiler() {
	s.Helper()
	if left := s.deploy("pgrep -u deploy -a -f '[b]eam.smp' || true"); left != "" {
		s.Errorf("a compiler is left: %s", left)
	}
}

// transcript is what a program has said so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func newTranscript() *transcript { return &transcript{} }

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *transcript) has(text string) bool { return strings.Contains(t.String(), text) }

// One build of an application at a time: others are refused or wait. A runner
// that vanishes gives way to who waits, whose build ends what it has left.
func TestABuildWaitsAndEndsWhatADeadOneLeft(t *testing.T) {
	s, other := newSite(t, "crowded"), newSite(t, "alone")
	s.publish(sample.Plain(s.app))
	other.publish(sample.WithoutMixExs(other.app))
	const sleeping = "pgrep -u deploy -f 'sleep 98[7]'"
	s.env["SLIPWAY_BEFORE_RELEASE"] = "setsid sleep 987 & sleep 987"
	first := s.Command("build-release")
	s.Must(first.Start())
	s.waitFor(sleeping)
	delete(s.env, "SLIPWAY_BEFORE_RELEASE")
	other.refused(1, []string{"there is neither mix.exs nor rebar.config"}) // nobody waits for another application
	s.Refused(1, []string{"held by another run: build by tester@", "since 20"}, "build-release", "--wait-for-lock", "0s")
	s.Refused(1, []string{"waiting up to 1s for a build by tester@", "held by another run, after waiting for 1 s"}, "build-release", "--wait-for-lock", "1s")

	next, said := s.Command("build-release"), newTranscript()
	next.Stderr = said
	s.Must(next.Start())
	s.Until("the next build to wait", func() bool { return said.has("waiting up to 10m0s for a build by tester@") })
	s.Must(first.Process.Kill())
	first.Wait()
	err := next.Wait()
	if t.Log(said); err != nil {
		t.Errorf("the build that waited: %v", err)
	}
	if got := strings.Fields(s.artifacts()); len(got) != 1 {
		t.Errorf("artifacts: %v", got)
	}
	if left := s.deploy(sleeping + " || true"); left != "" {
		t.Errorf("still there: %s", left)
	}
}

// A build that a person cancels ends what it has started.
func TestACancelledBuildLeavesNoProcess(t *testing.T) {
	s := newSite(t, "cancelled")
	s.publish(sample.Plain(s.app))
	const sleeping = "pgrep -u deploy -f 'sleep 98[6]'"
	s.env["SLIPWAY_BEFORE_RELEASE"] = "setsid sleep 986 & sleep 986"
	cmd := s.Command("build-release")
	var said strings.Builder
	cmd.Stderr = &said
	s.Must(cmd.Start())
	s.waitFor(sleeping)
	s.Must(cmd.Process.Signal(syscall.SIGINT))
	cmd.Wait()
	s.Says(said.String(), `the build was cancelled while it was at "Release": nothing of it is kept`)
	if left := s.deploy(sleeping + " || true"); left != "" {
		t.Errorf("still there: %s", left)
	}
	s.noCompiler()
	s.nothingLeft()
}
