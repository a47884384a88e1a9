package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/apxr/slipway/internal/release"
)

// Parcel has what a host needs to make a release: see package parcel.
type Parcel struct {
	From  release.ID // the release on the host that it is made from; empty: none
	Codec string     // zstd or gzip
	Data  io.Reader
}

// Unfit is the error of a release that could not be made from another one on the host.
// Nothing of it was kept, and a parcel that needs no other one may do.
type Unfit struct {
	From release.ID
	Err  error
}

func (e *Unfit) Error() string { return e.Err.Error() }

func (e *Unfit) Unwrap() error { return e.Err }

// Stage unpacks a parcel beside the other releases, verifies the release against its
// manifest, and the manifest against its digest, and renames it into place. It reports
// whether the host has the launcher, so that a release without an environment needs no
// [Host.Prepare].
func (h Host) Stage(ctx context.Context, id release.ID, d release.Digest, p Parcel) (launcher bool, err error) {
	c := h.stage(id, d, p, "")
	c.input = p.Data
	unfit := false
	c.onFact = func(key, _ string) { unfit, launcher = unfit || key == "unfit", launcher || key == "launcher" }
	err = h.logged(ctx, c)
	if unfit && err != nil {
		err = &Unfit{p.From, err}
	}
	return launcher, err
}

// StageHere does the same with an artifact on the same machine, below the home
// of the same user, so nothing is sent.
func (h Host) StageHere(ctx context.Context, id release.ID, d release.Digest, a release.App) error {
	return h.logged(ctx, h.stage(id, d, Parcel{}, a.String()))
}

func (h Host) stage(id release.ID, d release.Digest, p Parcel, app string) call {
	return call{script: "stage", args: h.args(
		arg{"id", string(id)}, arg{"digest", string(d)}, arg{"from", string(p.From)}, arg{"codec", p.Codec}, arg{"app", app})}
}

// mostManifest is far more than a manifest can have: one of 20,000 files has 4 MB.
const mostManifest = 256 << 20

// Manifest returns the manifest of a release on the host, which must have this digest.
func (h Host) Manifest(ctx context.Context, id release.ID, d release.Digest) (release.Manifest, error) {
	var packed bytes.Buffer
	err := h.logged(ctx, call{script: "manifest", args: args{{"base", h.Layout.Base}, {"id", string(id)}}, output: atMost{&packed, mostManifest}})
	if err != nil {
		return release.Manifest{}, err
	}
	z, err := gzip.NewReader(&packed)
	if err != nil {
		return release.Manifest{}, err
	}
	text, err := io.ReadAll(io.LimitReader(z, mostManifest))
	if err != nil {
		return release.Manifest{}, err
	}
	if has := release.DigestOf(text); has != d {
		return release.Manifest{}, fmt.Errorf("the manifest of release %s has the digest %s, and not %s", id, has.Short(), d.Short())
	}
	return release.ParseManifest(text)
}

// atMost refuses more than so many bytes.
type atMost struct {
	to   *bytes.Buffer
	most int
}

func (a atMost) Write(p []byte) (int, error) {
	if a.to.Len()+len(p) > a.most {
		return 0, errors.New("the host sends more than a manifest can have")
	}
	return a.to.Write(p)
}

// Note writes the note about a staged release.
func (h Host) Note(ctx context.Context, s release.Staged) error {
	line, err := s.JSON()
	if err != nil {
		return err
	}
	return h.quiet(ctx, call{script: "note", args: h.args(arg{"id", string(s.To)}), input: text(string(line))})
}

// Recheck verifies a release that is already on the host.
func (h Host) Recheck(ctx context.Context, id release.ID) error {
	return h.logged(ctx, call{
		script: "recheck",
		args:   args{{"base", h.Layout.Base}, {"id", string(id)}},
	})
}
