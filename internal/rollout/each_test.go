package rollout

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
)

// stub returns a host that does nothing.
func stub(name string) *member {
	return &member{Host: &stubbed{name: name, result: host.Result{Host: name}}}
}

// stubbed is a host whose state a test sets.
type stubbed struct {
	Host
	name        string
	hasArtifact bool
	seen        host.Seen
	result      host.Result
}

func (s *stubbed) Name() string         { return s.name }
func (s *stubbed) HasArtifact() bool    { return s.hasArtifact }
func (s *stubbed) Seen() host.Seen      { return s.seen }
func (s *stubbed) Result() *host.Result { return &s.result }

// three returns batches of one, two and one hosts.
func three() []fleet {
	return []fleet{{stub("a")}, {stub("b"), stub("c")}, {stub("d")}}
}

// begun returns when the work on each host began.
func begun(ctx context.Context, batches []fleet) map[string]time.Duration {
	start, times := time.Now(), map[string]time.Duration{}
	var mu sync.Mutex
	inTurn(ctx, batches, func(m *member) {
		mu.Lock()
		times[m.Name()] = time.Since(start)
		mu.Unlock()
		time.Sleep(time.Minute)
	})
	return times
}

func TestBatchesGoBackInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := begun(t.Context(), three())
		for name, want := range map[string]time.Duration{"a": 0, "b": time.Minute, "c": time.Minute, "d": 2 * time.Minute} {
			if at, ok := got[name]; !ok || at != want {
				t.Errorf("%s goes back after %s, want %s", name, at, want)
			}
		}
	})
}

func TestAfterACancelNoBatchWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const when = 20 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(when, cancel)
		began := time.Now()
		got := begun(ctx, three())
		if want := []time.Duration{0, when, when, when}; !slices.Equal([]time.Duration{got["a"], got["b"], got["c"], got["d"]}, want) {
			t.Errorf("they go back after %v, want %v", got, want)
		}
		if took := time.Since(began); took != when+time.Minute {
			t.Errorf("it is over after %s, with hosts still going back", took)
		}
	})
}

func TestBatches(t *testing.T) {
	for _, c := range []struct {
		hosts int
		p     config.Share
		want  []int
	}{
		{0, config.Share{Hosts: 3}, nil},
		{1, config.Share{Hosts: 3}, []int{1}},
		{8, config.Share{Hosts: 3}, []int{1, 3, 3, 1}},
		{8, config.Share{}, []int{1, 1, 1, 1, 1, 1, 1, 1}},
		{8, config.Share{Percent: 25}, []int{1, 2, 2, 2, 1}},
		{8, config.Share{Percent: 100}, []int{1, 7}},
		{3, config.Share{Percent: 1}, []int{1, 1, 1}},
		{2, config.Share{Hosts: 100}, []int{1, 1}},
	} {
		var got []int
		for _, batch := range gatekept(make(fleet, c.hosts), c.p) {
			got = append(got, len(batch))
		}
		if len(got) != len(c.want) {
			t.Errorf("%d hosts, %s: %v, want %v", c.hosts, c.p, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%d hosts, %s: %v, want %v", c.hosts, c.p, got, c.want)
			}
		}
	}
}
