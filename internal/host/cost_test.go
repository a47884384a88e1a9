package host_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// A deploy asks the host few times, in few sessions.
func TestADeployAsksFewTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h := s.begin(release.Deploy, nil)
	t.Cleanup(func() { h.Close() })
	s.must(h.Connect(t.Context()))
	c := s.conns[len(s.conns)-1]
	var asked []string
	sessions := 0
	c.mu.Lock()
	c.broken = func(command string) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, step, _ := strings.Cut(command, "step.")
		step, _, _ = strings.Cut(step, " ")
		if strings.HasPrefix(command, "sh ") {
			sessions++
		}
		if step != "shell" {
			asked = append(asked, step)
		}
		return nil
	}
	c.mu.Unlock()
	h.Expect(t.Context(), host.Question{})
	s.must(h.Lock(t.Context(), 0))
	s.must(h.Look(t.Context(), host.Question{}))
	r := s.release(2, false)
	s.must(h.Stage(t.Context(), r))
	to, _, err := h.Prepare(t.Context(), r.m.ReleaseID)
	s.must(err)
	s.must(h.Activate(t.Context(), host.Target{Activation: to}))
	s.must(h.Conclude(t.Context()))
	s.must(h.Prune(t.Context(), r.m.ReleaseID))
	c.mu.Lock()
	defer c.mu.Unlock()
	asked = slices.DeleteFunc(asked, func(step string) bool { return step == "probe" }) // until the release is up
	slices.Sort(asked)
	if want := []string{"activate", "conclude", "inspect", "lock", "stage"}; !slices.Equal(asked, want) || sessions != 4 {
		t.Errorf("%q in %d sessions, want %q in 4", asked, sessions, want)
	}
}

// What another run has done between the look and the lock is seen.
func TestAnEarlyLookIsAskedAgainIfAnotherRunWasThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.deploy(1)
	h := s.begin(release.Deploy, nil)
	t.Cleanup(func() { h.Close() })
	s.must(h.Connect(t.Context()))
	h.Expect(t.Context(), host.Question{})
	two := s.deploy(2)
	s.must(h.Lock(t.Context(), 0))
	s.must(h.Look(t.Context(), host.Question{}))
	if seen := h.Seen(); seen.Current != two || seen.Current == one {
		t.Errorf("it saw %s, want %s", seen.Current, two)
	}
}
