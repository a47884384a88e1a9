package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Artifact is a release on the build server. It is held there until Close is called
// or the connection ends.
type Artifact struct {
	host     Host
	app      release.App
	manifest release.Manifest
	hold     *script.Lock
	log      *progress.Log
}

// OpenArtifact finds the artifact of a release ID and reads its manifest. It also
// holds the artifact, so that no build removes it as an old one.
func OpenArtifact(ctx context.Context, h Host, app release.App, id release.ID, log *progress.Log) (Artifact, error) {
	hold, err := script.Store{Machine: h, App: app}.Hold(ctx, id)
	if err != nil {
		return Artifact{}, err
	}
	m, err := readManifest(ctx, h, app, id)
	if err != nil {
		hold.Release()
		return Artifact{}, fmt.Errorf("artifact %s of %s: %w", id, app, err)
	}
	return Artifact{h, app, m, hold, log}, nil
}

func readManifest(ctx context.Context, h Host, app release.App, id release.ID) (release.Manifest, error) {
	data, err := h.ReadFile(ctx, path.Join(script.ArtifactDir(app, id), "manifest.json"))
	if errors.Is(err, os.ErrNotExist) {
		return release.Manifest{}, fmt.Errorf("it has no manifest, so it is broken: build its revision again (%w)", err)
	}
	if err != nil {
		return release.Manifest{}, err
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return release.Manifest{}, err
	}
	return m, m.IsOf(app, id)
}

// Close lets go of the artifact.
func (a Artifact) Close() { a.hold.Release() }

// Manifest returns the manifest of the release.
func (a Artifact) Manifest() release.Manifest { return a.manifest }

// Is returns an error if the artifact is another release than the one with the digest.
// Empty, the digest is that of any release.
func (a Artifact) Is(want release.Digest) error {
	has, err := a.manifest.Digest()
	if err != nil || want == "" || has == want {
		return err
	}
	return fmt.Errorf("artifact %s of %s has other contents than the release that is to be deployed (digest %s, and %s is asked for): something else has been built under its ID, or has replaced it, on the build server; build again, and deploy that",
		a.manifest.ReleaseID, a.app, has.Short(), want.Short())
}

// Export writes files of the release, or of an earlier one of the application, as a
// compressed tar. Without paths, it writes all.
func (a Artifact) Export(ctx context.Context, id release.ID, paths []string, w io.Writer) error {
	out := a.log.Output(name)
	defer out.Close()
	return script.Store{Machine: a.host, App: a.app, Log: out}.Export(ctx, id, paths, w)
}

// Earlier returns the manifest of another artifact of the application, if there is one
// with this digest.
func (a Artifact) Earlier(ctx context.Context, id release.ID, digest release.Digest) (release.Manifest, error) {
	m, err := readManifest(ctx, a.host, a.app, id)
	if err != nil {
		return release.Manifest{}, err
	}
	if has, err := m.Digest(); err != nil || has != digest {
		return release.Manifest{}, errors.Join(err, fmt.Errorf("artifact %s has the digest %s, and not %s", id, has.Short(), digest.Short()))
	}
	return m, nil
}

// Tip returns the commit that the release's branch leads to now, or "" if there is
// no such branch. The build server asks the repository itself, on git: the same
// machine, whose commands may use keys that others must not have.
func (a Artifact) Tip(ctx context.Context, git script.Machine, access script.Access) (string, error) {
	access.KnownHosts = gitHubHostKeys + access.KnownHosts
	return script.Store{Machine: git, App: a.app}.Tip(ctx, a.manifest.Repository, a.manifest.Branch(), access)
}

// Relations returns the relations of the release's revision to others, as far as
// the build host's mirror of the repository has them.
func (a Artifact) Relations(ctx context.Context, others []string) (map[string]release.Relation, error) {
	return script.Store{Machine: a.host, App: a.app}.Relations(ctx, a.manifest.Repository, a.manifest.Revision, others)
}
