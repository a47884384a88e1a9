package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apxr/slipway/test/lab"
)

// results are the runs of each tool and verb under each condition.
type results struct {
	When     time.Time
	Machine  machine
	Releases releases
	Rows     []row
}

type row struct {
	Condition string
	Tool      string
	Verb      verb
	Runs      []sampled
	Watched   []traced
}

// row returns the row of a tool, and makes it if there is none.
func (r *results) row(condition, tool string, v verb) *row {
	i := slices.IndexFunc(r.Rows, func(row row) bool {
		return row.Condition == condition && row.Tool == tool && row.Verb == v
	})
	if i < 0 {
		r.Rows = append(r.Rows, row{Condition: condition, Tool: tool, Verb: v})
		i = len(r.Rows) - 1
	}
	return &r.Rows[i]
}

// bench is a benchmark under way.
type bench struct {
	results
	lab *lab.Lab
	log logger
}

// measureAll measures under all conditions. The lab is gone when it returns.
func measureAll(ctx context.Context, conditions []condition, log logger) (r results, err error) {
	b := &bench{log: log}
	b.When = time.Now()
	if b.Machine, err = thisMachine(); err != nil {
		return r, err
	}
	if b.Releases, err = prepareReleases(ctx, log); err != nil {
		return r, err
	}
	hosts := slices.MaxFunc(conditions, func(a, b condition) int { return a.Hosts - b.Hosts }).Hosts
	log("booting %d hosts", hosts)
	if b.lab, err = startLab(ctx, b.Releases, hosts, log); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.lab.Stop()) }()
	for _, c := range conditions {
		if err := b.condition(ctx, c); err != nil {
			return r, fmt.Errorf("%s: %w", c, err)
		}
		if err := b.save(kept()); err != nil {
			return r, err
		}
	}
	return b.results, nil
}

// condition measures all tools under one condition. They take turns: what else
// the machine does for a moment hits all of them.
func (b *bench) condition(ctx context.Context, c condition) error {
	s, err := newSite(b.lab, b.Releases, c.Hosts, c.shape)
	if err != nil {
		return err
	}
	defer s.link.close()
	for n := range c.watched + c.rounds {
		if err := b.round(ctx, s, c, n); err != nil {
			return err
		}
	}
	return nil
}

// round measures each tool once. The first rounds are watched; each round begins
// with another tool.
func (b *bench) round(ctx context.Context, s *site, c condition, n int) error {
	for i := range tools {
		t := tools[(i+n)%len(tools)]
		if !c.has(t.Name) {
			continue
		}
		err := b.chain(ctx, s, c, t, n)
		if err != nil && ctx.Err() == nil {
			b.log("again, since it failed: %v", err)
			err = b.chain(ctx, s, c, t, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chain takes a tool through the verbs. It keeps nothing unless all succeed.
func (b *bench) chain(ctx context.Context, s *site, c condition, t tool, n int) error {
	if err := s.empty(ctx, t); err != nil {
		return err
	}
	if t.placed {
		err := s.place(ctx)
		if err == nil {
			err = s.idle(ctx, s.releases.A.Version)
		}
		if err != nil {
			return err
		}
	}
	taken := map[verb]sampled{}
	for _, v := range c.verbs {
		if !t.does(v) {
			continue
		}
		m, err := s.measure(ctx, t, v, n < c.watched)
		if err != nil {
			return err
		}
		b.log("%s, round %d of %d, %s, %s: %s", c, n+1, c.watched+c.rounds, t.Name, v, m)
		taken[v] = m
	}
	for v, m := range taken {
		r := b.row(c.String(), t.Name, v)
		if n < c.watched {
			r.Watched = append(r.Watched, m.traced)
		} else {
			r.Runs = append(r.Runs, m)
		}
	}
	return nil
}
