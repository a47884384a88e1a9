package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Source is a release that arrives from the build host.
type Source interface {
	Manifest() release.Manifest
	// Open returns the parcel for the host of this name. A whole one needs nothing
	// that the host has.
	Open(host string, whole bool) (Parcel, error)
}

// Parcel has what a host lacks of a release.
type Parcel = script.Parcel

// Stage makes sure that the host has the complete and verified release.
func (h *Host) Stage(ctx context.Context, from Source) error {
	if !slices.Contains(h.seen.Releases, from.Manifest().ReleaseID) {
		h.shell.Ahead(ctx, "stage")
	}
	if h.run.Verb == release.Deploy {
		h.shell.Ahead(ctx, "activate", "conclude")
	}
	return h.timed(PhaseStage, func() error { return h.stage(ctx, from) })
}

func (h *Host) stage(ctx context.Context, from Source) error {
	m := from.Manifest()
	has, err := h.keepOrDiscard(ctx, m.ReleaseID)
	if has || err != nil {
		return err
	}
	how, err := h.receive(ctx, from)
	if err != nil {
		return err
	}
	h.seen.Releases = append(h.seen.Releases, m.ReleaseID)
	h.say("%s: %d entries, %.1f MB%s", how.verb, len(m.Files), float64(m.Size())/1e6, how.details)
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

// received says how a release has come, for the log.
type received struct{ verb, details string }

// receive makes the release on the host. The build host copies its own artifact.
// Another host gets what its current release lacks, or everything if that fails.
func (h *Host) receive(ctx context.Context, from Source) (received, error) {
	m := from.Manifest()
	digest, err := m.Digest()
	if err != nil {
		return received{}, err
	}
	if h.HasArtifact() {
		return received{verb: "copied from the artifact and verified"}, h.script().StageHere(ctx, m.ReleaseID, digest, h.plan().App)
	}
	how, err := h.unpack(ctx, from, digest, false)
	if unfit, ok := errors.AsType[*script.Unfit](err); ok && ctx.Err() == nil && !h.conn.Lost() {
		h.say("it could not be made from release %s, so everything is sent: %v", unfit.From, err)
		how, err = h.unpack(ctx, from, digest, true)
	}
	return how, err
}

// unpack sends the host a parcel.
func (h *Host) unpack(ctx context.Context, from Source, digest release.Digest, whole bool) (received, error) {
	p, err := from.Open(h.Name(), whole)
	if err != nil {
		return received{}, err
	}
	sent := &counter{Reader: p.Data}
	p.Data = sent
	if h.launcher, err = h.script().Stage(ctx, from.Manifest().ReleaseID, digest, p); err != nil {
		// What the host says about a part of a parcel is not the reason.
		return received{}, cmp.Or(sent.failed(), err)
	}
	details := fmt.Sprintf("; %.2f MB sent", float64(sent.n.Load())/1e6)
	if p.From != "" {
		details += ", the rest is from " + string(p.From)
	}
	return received{"staged and verified", details}, nil
}

// counter counts what is read, and keeps the error of reading.
type counter struct {
	io.Reader
	n   atomic.Int64
	err atomic.Pointer[error]
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		c.err.Store(&err)
	}
	return n, err
}

func (c *counter) failed() error {
	if err := c.err.Load(); err != nil {
		return *err
	}
	return nil
}

// CurrentManifest returns the manifest of the current release, which the last look gave
// the digest of.
func (h *Host) CurrentManifest(ctx context.Context) (release.Manifest, error) {
	return h.script().Manifest(ctx, h.seen.Current.ID, h.seen.CurrentDigest)
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
