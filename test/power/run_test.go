package power

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/test/light"
)

const unit = "shop.service"

var errPower = errors.New("the power is off")

// runner does on a host what runs of Slipway do, one step after the other, and
// writes down what it was told.
type runner struct {
	*host
	*known
	ctx       context.Context
	rnd       *rand.Rand
	artifacts []artifact
	n         int  // releases so far
	bare      bool // all without environments
	log       bytes.Buffer
	changes   release.History
	releases  []release.ID
	keys      []string
}

// do is one step. It is done only if it said so while there was power.
func (r *runner) do(name string, step func(log io.Writer) error) error {
	r.begin(name)
	r.log.Reset()
	err := step(&r.log)
	if r.isCut() {
		return errPower
	}
	if err != nil {
		return fmt.Errorf("%s failed, with power: %w\n%s", name, err, r.log.String())
	}
	return nil
}

// token is that of the lock. No script takes it here: there is one run at a time.
const token = "POWER"

// scripts returns the scripts of the host.
func (r *runner) scripts(log io.Writer) script.Host {
	h := script.Host{Machine: r, Layout: r.Layout, Token: token}
	if log != nil {
		h.Log = func() io.WriteCloser { return unclosed{log} }
	}
	return h
}

// unclosed is a log of several scripts.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// cycle is a deploy, often with a rollback behind it, on whatever is there.
func (r *runner) cycle() error {
	if err := r.WriteFile(r.ctx, path.Join(r.State(), "fence"), []byte("1 "+token+"\n")); err != nil && !r.isCut() {
		return err
	}
	if err := r.repair(); err != nil {
		return err
	}
	if err := r.deploy(); err != nil {
		return err
	}
	if r.rnd.IntN(3) > 0 {
		return nil
	}
	return r.rollback()
}

// repair is what a run does first: see rollout/repair.go.
func (r *runner) repair() error {
	var seen script.Inspection
	err := r.do("inspect", func(log io.Writer) (err error) {
		seen, err = r.scripts(log).Inspect(r.ctx, script.Look{Units: []string{unit}})
		return err
	})
	if err != nil {
		return err
	}
	r.changes, r.releases, r.keys = seen.History, seen.Releases, seen.Activations
	if seen.Current != r.current {
		return fmt.Errorf("inspect says that current is %s; it is %s", seen.Current, r.current)
	}
	if len(seen.Leftovers) > 0 {
		if err := r.do("tidy", func(log io.Writer) error { return r.scripts(log).Tidy(r.ctx) }); err != nil {
			return err
		}
	}
	c := seen.Change
	if c == nil {
		return nil
	}
	if seen.History.Has(c.Key) {
		err := r.do("forget", func(io.Writer) error { return r.scripts(nil).Forget(r.ctx, c.Key) })
		r.concluded = r.concluded || err == nil
		return err
	}
	if seen.Current != c.Source() {
		if err := r.activate("go back", c.Source(), nil); err != nil {
			return err
		}
	}
	c.Outcome = release.Interrupted
	return r.conclude(*c)
}

func (r *runner) deploy() error {
	id, key := r.newID(), r.newKey()
	if err := r.stage(id); err != nil {
		return err
	}
	to, err := r.prepare(id, key)
	if err != nil {
		return err
	}
	c := r.change(release.Deploy, key, to)
	if err := r.activate("activate", to, &c); err != nil {
		return err
	}
	if r.rnd.IntN(5) == 0 {
		return r.revert(c)
	}
	c.Outcome = release.Live
	if err := r.conclude(c); err != nil {
		return err
	}
	old := release.Prune(r.releases, r.changes, 2, to.ID)
	kept := slices.DeleteFunc(slices.Clone(r.releases), func(id release.ID) bool { return slices.Contains(old, id) })
	return r.prune(old, release.PruneActivations(r.keys, r.changes, kept, to))
}

// revert is a deploy whose proof fails.
func (r *runner) revert(c release.Change) error {
	if err := r.activate("go back", c.Source(), nil); err != nil {
		return err
	}
	c.Outcome = release.Reverted
	if err := r.conclude(c); err != nil || c.ToEnv == "" {
		return err
	}
	return r.prune(nil, []string{c.ToEnv})
}

func (r *runner) rollback() error {
	earlier := r.changes.Before(r.current)
	// After two rollbacks in a row what is below may have been pruned.
	if len(earlier) == 0 || !slices.Contains(r.releases, earlier[0].ID) {
		return nil
	}
	to := earlier[0]
	err := r.do("recheck", func(log io.Writer) error { return r.scripts(log).Recheck(r.ctx, to.ID) })
	if err != nil {
		return err
	}
	c := r.change(release.Rollback, r.newKey(), to)
	if err := r.activate("activate", to, &c); err != nil {
		return err
	}
	c.Outcome = release.Live
	return r.conclude(c)
}

func (r *runner) change(verb release.Verb, key string, to release.Activation) release.Change {
	return release.Change{
		Key: key, At: time.Unix(int64(r.n), 0).UTC(), Verb: verb, From: r.current.ID, FromEnv: r.current.Env,
		To: to.ID, ToEnv: to.Env, Version: "0.1.0", Who: strings.Repeat("somebody ", r.rnd.IntN(60)),
	}
}

func (r *runner) newID() release.ID {
	r.n++
	return light.At(r.n)
}

// newKey differs from all others: two changes may be of the same release.
func (r *runner) newKey() string {
	return fmt.Sprintf("%s.%09d", light.At(r.n), r.rnd.IntN(1e9))
}
