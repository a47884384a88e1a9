package power

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// stage makes a release on the host: from the current one, if there is one, as a deploy
// does.
func (r *runner) stage(id release.ID) error {
	a := r.artifacts[r.n%len(r.artifacts)]
	m, err := a.as(id)
	if err != nil {
		return err
	}
	p, err := a.parcel(m, r.manifests[r.current.ID])
	if err != nil {
		return err
	}
	r.manifests[id] = m
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	err = r.do("stage", func(log io.Writer) error { _, err := r.scripts(log).Stage(r.ctx, id, digest, p); return err })
	if err == nil {
		r.staged[id], r.whole[id] = true, true
		r.releases = append(r.releases, id)
	}
	return err
}

const oldLauncher = "#!/bin/sh\n# what an older Slipway has left\n"

// age puts an older launcher on the host, as if it had always been there.
func (r *runner) age() error {
	return r.do("age", func(io.Writer) error {
		r.launched = false
		aged := r.path("launch.aged")
		if err := os.WriteFile(aged, []byte(oldLauncher), 0o700); err != nil {
			return err
		}
		if err := os.Chmod(aged, 0o750); err != nil {
			return err
		}
		if err := run("sync", "-f", aged); err != nil {
			return err
		}
		if err := os.Rename(aged, r.path("launch")); err != nil {
			return err
		}
		return run("sync", "-f", r.Base)
	})
}

// environment is a new one, a copy of the current one, or none.
func (r *runner) environment() script.Environment {
	switch n := r.rnd.IntN(6); {
	case n == 0 && !r.bare:
		return script.Environment{Keep: r.current.Env}
	case n == 1 || r.bare:
		return script.Environment{Given: true}
	}
	line := "export SHOP_SECRET='%08x'"
	var lines []string
	for range 1 + r.rnd.IntN(300) {
		lines = append(lines, fmt.Sprintf(line, r.rnd.Uint32()))
	}
	return script.Environment{Given: true, Text: strings.Join(lines, "\n")}
}

func (r *runner) prepare(id release.ID, key string) (a release.Activation, err error) {
	if r.launcher != "" && r.rnd.IntN(3) == 0 {
		if err := r.age(); err != nil {
			return a, err
		}
	}
	e := r.environment()
	switch {
	case e.Text != "":
		r.delivered[key] = e.Text + "\n"
	case e.Keep != "":
		r.delivered[key] = r.delivered[e.Keep]
	}
	err = r.do("prepare", func(io.Writer) (err error) {
		a, _, err = r.scripts(nil).Prepare(r.ctx, id, key, e)
		return err
	})
	if err != nil {
		return a, err
	}
	r.launched = true
	if a.Env != "" {
		r.prepared[key] = true
		r.keys = append(r.keys, key)
	}
	return a, nil
}

func (r *runner) activate(step string, to release.Activation, record *release.Change) error {
	r.next, r.switching = to, true
	if record != nil {
		text, err := record.JSON()
		if err != nil {
			return err
		}
		r.record, r.records[record.Key], r.concluded = *record, text+"\n", false
	}
	err := r.do(step, func(log io.Writer) error {
		_, err := r.scripts(log).Activate(r.ctx, script.Switch{Units: []string{unit}, To: to, Record: record, Change: r.record.Key})
		return err
	})
	if err == nil {
		r.current, r.switching = to, false
	}
	return err
}

func (r *runner) conclude(c release.Change) error {
	var err error
	if r.line, err = c.JSON(); err != nil {
		return err
	}
	err = r.do("conclude", func(io.Writer) error { return r.scripts(nil).Conclude(r.ctx, c) })
	if err == nil {
		r.history, r.line, r.concluded = r.written(), "", true
		r.changes = append(r.changes, c)
	}
	return err
}

func (r *runner) prune(ids []release.ID, keys []string) error {
	for _, id := range ids {
		delete(r.staged, id)
	}
	for _, key := range keys {
		delete(r.prepared, key)
	}
	return r.do("prune", func(log io.Writer) error {
		_, err := r.scripts(log).Prune(r.ctx, ids, keys)
		return err
	})
}
