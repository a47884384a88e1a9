package host_test

import (
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/host/hosttest"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

func TestARealHostIsWhatAFleetNeeds(t *testing.T) {
	t.Parallel()
	hosttest.Contract(t, func(t *testing.T) hosttest.Bench {
		s := newSite(t)
		return hosttest.Bench{
			Begin:   func(verb release.Verb, change func(*host.Plan)) rollout.Host { return s.begin(verb, change) },
			Release: func(n int, bad bool) host.Source { return s.release(n, bad) },
			Freeze:  s.freeze,
		}
	})
}
