package script

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Store runs the scripts that read and sweep one application's artifacts on the
// build host.
type Store struct {
	Machine Machine
	App     release.App
	Log     io.Writer // gets the output of List and Export; nil: no log
}

// Hold protects an artifact from sweeps until the lock is released or lost. Any
// number of runs may hold the same artifact.
func (s Store) Hold(ctx context.Context, id release.ID) (*Lock, error) {
	return hold(ctx, s.Machine, s.call("hold", arg{"id", string(id)}))
}

func (s Store) call(script string, more ...arg) call {
	return call{script: script, args: append(args{{"app", s.App.String()}}, more...)}
}

// Sweep removes old artifacts that no run holds, as [release.Sweep] selects
// them by the clock of the build host, which also made their IDs. If it cannot
// remove some, it removes the others and returns them with the error.
func (s Store) Sweep(ctx context.Context, keep int, minAge time.Duration, own release.ID) ([]release.ID, error) {
	present, now, err := s.present(ctx)
	if err != nil {
		return nil, err
	}
	old := release.Sweep(present, now, keep, minAge, own)
	if len(old) == 0 {
		return nil, nil
	}
	return s.remove(ctx, old)
}

// present returns the existing artifacts and the time on the build host.
func (s Store) present(ctx context.Context) (ids []release.ID, now time.Time, err error) {
	var problem error
	c := s.call("sweep", arg{"ids", ""})
	c.onFact = func(key, value string) {
		switch key {
		case "now":
			var seconds int64
			seconds, problem = strconv.ParseInt(value, 10, 64)
			now = time.Unix(seconds, 0)
		case "artifact":
			if id, err := release.ParseID(value); err == nil {
				ids = append(ids, id)
			}
		}
	}
	err = c.run(ctx, s.Machine)
	return ids, now, errors.Join(err, problem)
}

func (s Store) remove(ctx context.Context, ids []release.ID) (removed []release.ID, err error) {
	var problems []error
	c := s.call("sweep", arg{"ids", joined(ids)})
	c.onFact = func(key, value string) {
		switch key {
		case "removed":
			removed = append(removed, release.ID(value))
		case "failed":
			problems = append(problems, &Error{Step: c.script, Reason: complete(value)})
		}
	}
	err = c.run(ctx, s.Machine)
	return removed, errors.Join(append(problems, err)...)
}

// List returns all artifacts, newest first. An artifact with an unusable
// manifest is listed with its problem. List reads only the heads of the
// manifests.
func (s Store) List(ctx context.Context) ([]release.Stored, error) {
	var list []release.Stored
	said := map[string]string{} // about the next artifact, whose name comes last
	c := s.call("artifacts")
	c.log = s.Log
	c.onFact = func(key, value string) {
		said[key] = value
		if id, err := release.ParseID(said["artifact"]); err == nil {
			list = append(list, stored(s.App, id, said))
		}
		delete(said, "artifact")
	}
	err := c.run(ctx, s.Machine)
	slices.Reverse(list) // the script lists them in the order of a shell pattern
	return list, err
}

func stored(a release.App, id release.ID, said map[string]string) release.Stored {
	s := release.Stored{ID: id, Held: said["held"] == "yes"}
	s.Size, _ = strconv.ParseInt(said["bytes"], 10, 64) // if it is missing, the log has the reason from du
	var err error
	if s.Manifest, err = release.ParseManifestHead(said["manifest"], a, id); err != nil {
		s.Problem = err.Error()
	}
	return s
}

// Export writes files of an artifact to w, as a compressed tar. Without paths, it
// writes all.
func (s Store) Export(ctx context.Context, id release.ID, paths []string, w io.Writer) error {
	c := s.call("export", arg{"id", string(id)}, arg{"all", yes(len(paths) == 0)})
	c.output, c.log = w, s.Log
	if len(paths) > 0 {
		// A path must not look like an option.
		c.input = strings.NewReader("./" + strings.Join(paths, "\x00./") + "\x00")
	}
	return c.run(ctx, s.Machine)
}

// Relations returns how a commit relates to others, as far as the build host's
// mirror of the repository knows them.
func (s Store) Relations(ctx context.Context, repository, revision string, others []string) (map[string]release.Relation, error) {
	known := map[string]release.Relation{}
	err := call{
		script: "relations",
		args:   args{{"repository", repository}, {"revision", revision}, {"others", strings.Join(others, " ")}},
		onFact: func(relation, commit string) { known[commit] = release.Relation(relation) },
	}.run(ctx, s.Machine)
	return known, err
}

// Tip returns the commit that a ref of the repository leads to now, or "" if there
// is no such ref. It asks the repository itself.
func (s Store) Tip(ctx context.Context, repository, ref string, a Access) (commit string, err error) {
	err = call{
		script: "tip",
		args:   args{{"repository", repository}, {"ref", ref}},
		input:  a.input().reader(),
		onFact: func(key, value string) {
			if key == "tip" {
				commit = value
			}
		},
	}.run(ctx, s.Machine)
	return commit, err
}
