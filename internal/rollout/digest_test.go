package rollout_test

import (
	"regexp"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// forked is a release of another build server that has the ID of the n-th one.
type forked struct{ artifact }

func (f forked) Manifest() release.Manifest {
	m := f.artifact.Manifest()
	m.Repository = "git@h.test:apxr/fork.git"
	return m
}

func (f *fleet) digest(a rollout.Artifact) release.Digest {
	f.Helper()
	d, err := a.Manifest().Digest()
	if err != nil {
		f.Fatal(err)
	}
	return d
}

func TestAnotherReleaseOfTheSameIDIsNotDeployed(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.live(2)
		r, err := rollout.Deploy(f.Context(), plan(), f.candidates(), forked{2}, f.logTo())
		f.fails(err, "web1: release "+string(id(2))+" is on this host with other contents", "web3: release")
		f.outcomes(r, host.Untouched, host.Untouched, host.Untouched)
		f.runs(2)
	})
}

// One host that has another release stops the run, or counts as a failure that is
// allowed: it never counts as a host that has the release.
func TestOneHostWithAnotherReleaseOfTheSameIDIsNotSwitched(t *testing.T) {
	over(t, 3, func(f *fleet) {
		f.live(1)
		f.stage(2)
		f.machines[1].Replace(id(2), f.digest(forked{2}))
		_, err := f.deploy(f.Context(), 2, plan())
		f.fails(err, "web2: release "+string(id(2))+" is on this host with other contents")
		f.runs(1)
		r, err := f.deploy(f.Context(), 2, plan(mayFail(1)))
		if err != nil || r.Became != rollout.BecamePartial {
			f.Errorf("%s, %v", r.Became, err)
		}
		f.runs(2, 1, 2)
	})
}

func (f *fleet) stage(n int) {
	f.Helper()
	r, err := rollout.Stage(f.Context(), plan(), f.candidates(), artifact(n), f.logTo())
	if err != nil || r.Digest != f.digest(artifact(n)) {
		f.Fatalf("%+v, %v", r, err)
	}
}

func contents(d release.Digest) func(*rollout.Plan) { return func(p *rollout.Plan) { p.Digest = d } }

var digestField = regexp.MustCompile(`,"digest":"[0-9a-f]{64}"`)

// ofAnEarlierSlipway is a host whose staging note has no digest.
func ofAnEarlierSlipway(s *host.Seen) {
	s.Staged = digestField.ReplaceAllString(s.Staged, "")
}

func TestOnlyWhatWasStagedIsActivated(t *testing.T) {
	one := newFleet(t, 1)
	other, same := one.digest(forked{2}), one.digest(artifact(2))
	for name, c := range map[string]struct {
		spoil  func(*fleet)
		digest release.Digest
		says   []string // empty: it is activated
	}{
		"the same":             {func(*fleet) {}, "", nil},
		"the same, by digest":  {func(*fleet) {}, same, nil},
		"another one":          {func(*fleet) {}, other, []string{"is not the one that is to be activated (digest " + same.Short() + ", and " + other.Short() + " is asked for)", "web2"}},
		"replaced on a host":   {func(f *fleet) { f.machines[1].Replace(id(2), other) }, "", []string{"web2: release " + string(id(2)) + " here is not the one that was staged"}},
		"its manifest is gone": {func(f *fleet) { f.machines[1].Replace(id(2), "") }, "", []string{"web2", "(digest unknown, and " + same.Short()}},
		"replaced, with an old note": {func(f *fleet) {
			f.machines[1].Lie = ofAnEarlierSlipway
			f.machines[0].Lie = ofAnEarlierSlipway
			f.machines[1].Replace(id(2), other)
		}, same, []string{"web2: release " + string(id(2)) + " here is not the one that is to be activated"}},
		"another one, with old notes": {func(f *fleet) {
			f.machines[1].Lie = ofAnEarlierSlipway
			f.machines[0].Lie = ofAnEarlierSlipway
			f.machines[1].Replace(id(2), other)
		}, "", []string{"web2: the staging note here is not that of web1: stage the release again"}},
		"old notes": {func(f *fleet) {
			for _, m := range f.machines {
				m.Lie = ofAnEarlierSlipway
				m.Replace(id(2), "")
			}
		}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			over(t, 2, func(f *fleet) {
				f.live(1)
				f.stage(2)
				c.spoil(f)
				f.activates(c.digest, c.says)
			})
		})
	}
}

// activates activates release 2 where release 1 runs, and checks whether that fails.
func (f *fleet) activates(digest release.Digest, says []string) {
	f.Helper()
	_, err := rollout.Activate(f.Context(), plan(to(id(2)), contents(digest)), f.candidates(), f.logTo())
	if says != nil {
		f.fails(err, says...)
		f.runs(1)
		return
	}
	if err != nil {
		f.Error(err)
	}
	f.runs(2)
}

// A superseded release is not sent, so there is nothing to compare.
func TestASupersededReleaseHasNoDigestOnTheHosts(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(2)
		f.stage(1)
		r, err := rollout.Activate(f.Context(), plan(to(id(1)), contents(f.digest(artifact(1)))), f.candidates(), f.logTo())
		if err != nil || r.Became != rollout.BecameSuperseded {
			f.Errorf("%s, %v", r.Became, err)
		}
	})
}

func TestTheHistoryHasTheDigestOfWhatWasLive(t *testing.T) {
	over(t, 2, func(f *fleet) {
		f.live(1)
		f.stage(2)
		r, err := rollout.Activate(f.Context(), plan(to(id(2))), f.candidates(), f.logTo())
		if err != nil || r.Digest != f.digest(artifact(2)) {
			f.Fatalf("%+v, %v", r, err)
		}
		rolledBack(f)
		for _, m := range f.machines {
			for i, want := range []artifact{1, 2, 1} {
				if c := m.State().History[i]; c.Digest != f.digest(want) {
					f.Errorf("%s: %+v has not the digest of release %d", m.Name, c, want)
				}
			}
		}
	})
}
