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

// HoldArtifact keeps an artifact from being swept until the lock is released or
// lost. Any number of runs may hold the same one.
func HoldArtifact(ctx context.Context, m Machine, a release.App, id release.ID) (*Lock, error) {
	return hold(ctx, m, call{
		script: "hold", libs: []string{"buildroot"},
		args: args{{"app", a.String()}, {"id", string(id)}},
	})
}

// SweepArtifacts removes old artifacts that nobody holds, as [release.Sweep]
// chooses by the host's own clock, which also made their IDs. One that cannot be
// removed keeps none of the others: those that are gone are returned with the error.
func SweepArtifacts(ctx context.Context, m Machine, a release.App, keep int, minAge time.Duration, own release.ID) ([]release.ID, error) {
	present, now, err := presentArtifacts(ctx, m, a)
	if err != nil {
		return nil, err
	}
	old := release.Sweep(present, now, keep, minAge, own)
	if len(old) == 0 {
		return nil, nil
	}
	return removeArtifacts(ctx, m, a, old)
}

func sweep(a release.App, ids []release.ID) call {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return call{
		script: "sweep", libs: []string{"buildroot"},
		args: args{{"app", a.String()}, {"ids", strings.Join(words, " ")}},
	}
}

func presentArtifacts(ctx context.Context, m Machine, a release.App) (ids []release.ID, now time.Time, err error) {
	var problem error
	c := sweep(a, nil)
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
	err = c.run(ctx, m)
	return ids, now, errors.Join(err, problem)
}

func removeArtifacts(ctx context.Context, m Machine, a release.App, ids []release.ID) (removed []release.ID, err error) {
	var problems []error
	c := sweep(a, ids)
	c.onFact = func(key, value string) {
		switch key {
		case "removed":
			removed = append(removed, release.ID(value))
		case "failed":
			problems = append(problems, &Error{Step: c.script, Reason: value})
		}
	}
	err = c.run(ctx, m)
	return removed, errors.Join(append(problems, err)...)
}

// ListArtifacts says what artifacts there are, newest first. One whose manifest
// cannot be used is listed with its problem; only the manifests' heads are read.
func ListArtifacts(ctx context.Context, m Machine, a release.App, log io.Writer) ([]release.Stored, error) {
	var list []release.Stored
	said := map[string]string{} // of the next artifact; its name comes last
	err := call{
		script: "artifacts", libs: []string{"buildroot"}, log: log,
		args: args{{"app", a.String()}},
		onFact: func(key, value string) {
			said[key] = value
			if id, err := release.ParseID(said["artifact"]); err == nil {
				list = append(list, stored(a, id, said))
			}
			delete(said, "artifact")
		},
	}.run(ctx, m)
	slices.Reverse(list) // a shell sorts what a pattern finds
	return list, err
}

func stored(a release.App, id release.ID, said map[string]string) release.Stored {
	s := release.Stored{ID: id, Held: said["held"] == "yes"}
	s.Size, _ = strconv.ParseInt(said["bytes"], 10, 64) // the log has du's reason
	var err error
	if s.Manifest, err = release.ParseManifestHead(said["manifest"], a, id); err != nil {
		s.Problem = err.Error()
	}
	return s
}
