package hosttest

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// built is a release in the form of its manifest.
type built release.Manifest

func (b built) Manifest() release.Manifest { return release.Manifest(b) }

func (b built) Open(string, bool) (host.Parcel, error) {
	return host.Parcel{Data: strings.NewReader("the release")}, nil
}

func TestTheFakeIsAsTheRealHost(t *testing.T) {
	t.Parallel()
	Contract(t, func(*testing.T) Bench {
		m := NewMachine("web1")
		m.Bad = map[release.ID]string{}
		var last *Fake
		began := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
		return Bench{
			Begin: func(verb release.Verb, change func(*host.Plan)) rollout.Host {
				began = began.Add(time.Hour)
				run := &host.Run{Verb: verb, Began: began, Key: began.Format("20060102T150405.000000000")}
				run.Plan = host.Plan{Service: config.Service{Units: []string{"app.service"}}, Keep: 5}
				change(&run.Plan)
				last = New(m, run)
				return last
			},
			Freeze: func() { last.Freeze() },
			Release: func(n int, bad bool) host.Source {
				id := release.NewID(time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC))
				if bad {
					m.Bad[id] = "it exits"
				}
				return built{ReleaseID: id, Version: "0.1.0", Revision: strings.Repeat("a", 40)}
			},
		}
	})
}
