package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Source is a release that arrives from the build host.
type Source interface {
	Manifest() release.Manifest
	// Open returns the release from its beginning, as a gzipped tar, for the
	// host of this name.
	Open(host string) (io.Reader, error)
}

// Stage makes sure that the host has the complete and verified release.
func (h *Host) Stage(ctx context.Context, from Source) error {
	return h.timed(PhaseStage, func() error { return h.stage(ctx, from) })
}

func (h *Host) stage(ctx context.Context, from Source) error {
	m := from.Manifest()
	has, err := h.keepOrDiscard(ctx, m.ReleaseID)
	if has || err != nil {
		return err
	}
	if err := h.describe(ctx, m); err != nil {
		return err
	}
	if err := h.receive(ctx, from); err != nil {
		return err
	}
	h.seen.Releases = append(h.seen.Releases, m.ReleaseID)
	how := "staged and verified"
	if h.HasArtifact() {
		how = "copied from the artifact and verified"
	}
	h.say("%s: %d entries, %.1f MB", how, len(m.Files), float64(m.Size())/1e6)
	return nil
}

// keepOrDiscard reports whether the host already has the verified release. It
// removes a damaged one, so that it can be staged again.
func (h *Host) keepOrDiscard(ctx context.Context, id release.ID) (has bool, err error) {
	if !slices.Contains(h.seen.Releases, id) {
		return false, nil
	}
	damage := h.script().Recheck(ctx, id)
	if damage == nil {
		h.say("has it already, verified")
		return true, nil
	}
	return false, h.discard(ctx, id, damage)
}

// discard removes a damaged release, unless it runs.
func (h *Host) discard(ctx context.Context, id release.ID, why error) error {
	runs := fmt.Errorf("%w; it is the running release: build and deploy a new one", why)
	if h.seen.Current.ID == id || h.seen.Running() == id {
		return runs
	}
	pruned, err := h.script().Prune(ctx, []release.ID{id}, nil)
	if slices.Contains(pruned.Removed, id) {
		return nil // errors about other files do not matter
	}
	if err == nil && len(pruned.InUse) > 0 {
		return runs
	}
	return err
}

// describeLimit is how long writing the lists of a release may take.
const describeLimit = 2 * time.Minute

var errNoAnswer = fmt.Errorf("no answer for %s while the lists of the release were written: the host's disk or its SFTP server hangs", describeLimit)

// describe writes the lists for verifying the release.
func (h *Host) describe(ctx context.Context, m release.Manifest) error {
	manifest, err := m.Text()
	if err != nil {
		return err
	}
	dir := h.script().Lists(m.ReleaseID)
	lists := map[string][]byte{"manifest.json": manifest, "listing": []byte(m.Listing()), "checksums": []byte(m.Checksums())}
	ctx, cancel := context.WithTimeoutCause(ctx, describeLimit, errNoAnswer)
	defer cancel()
	errs := make(chan error)
	for name, data := range lists { // in parallel, since each takes several round trips
		go func() { errs <- h.conn.WriteFile(ctx, path.Join(dir, name), data) }()
	}
	for range lists {
		err = errors.Join(err, <-errs)
	}
	if err != nil && context.Cause(ctx) == errNoAnswer {
		return errNoAnswer
	}
	return err
}

// receive copies the release to the host. The build host copies its own
// artifact.
func (h *Host) receive(ctx context.Context, from Source) error {
	m := from.Manifest()
	if h.HasArtifact() {
		return h.script().StageHere(ctx, m.ReleaseID, m.TarSize(), h.plan().App)
	}
	in, err := from.Open(h.Name())
	if err != nil {
		return err
	}
	return h.script().Stage(ctx, m.ReleaseID, m.TarSize(), in)
}

// Verify checks that a staged release is still the one that was built.
func (h *Host) Verify(ctx context.Context, id release.ID) error {
	return h.timed(PhaseVerify, func() error { return h.script().Recheck(ctx, id) })
}

// Note writes the note about a staged release, for the run that activates it.
func (h *Host) Note(ctx context.Context, s release.Staged) error {
	from := h.seen.Current
	s.Key, s.From, s.FromEnv = h.run.Key, from.ID, from.Env
	if err := h.script().Note(ctx, s); err != nil {
		return fmt.Errorf("noting that the release is staged: %w", err)
	}
	return nil
}
