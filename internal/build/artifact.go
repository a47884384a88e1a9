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

// Artifact is a release that lies on the build server.
type Artifact struct {
	host     Host
	app      release.App
	manifest release.Manifest
	log      *progress.Log
}

// OpenArtifact finds the artifact of a release ID and reads its manifest.
func OpenArtifact(h Host, app release.App, id release.ID, log *progress.Log) (Artifact, error) {
	data, err := h.ReadFile(path.Join(script.ArtifactDir(app, id), "manifest.json"))
	if errors.Is(err, os.ErrNotExist) {
		return Artifact{}, fmt.Errorf("the build server has no artifact %s of %s: was it built there, for this app? (%w)", id, app, err)
	}
	if err != nil {
		return Artifact{}, err
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return Artifact{}, fmt.Errorf("artifact %s: %w", id, err)
	}
	if m.ReleaseID != id || m.Org != app.Org || m.App != app.Name {
		return Artifact{}, fmt.Errorf("artifact %s: its manifest is that of %s/%s %s", id, m.Org, m.App, m.ReleaseID)
	}
	return Artifact{h, app, m, log}, nil
}

// Manifest says what the release is.
func (a Artifact) Manifest() release.Manifest { return a.manifest }

// Export writes the release as a gzipped tar.
func (a Artifact) Export(ctx context.Context, w io.Writer) error {
	out := a.log.Output(name)
	defer out.Close()
	return script.Export(ctx, a.host, a.app, a.manifest.ReleaseID, w, out)
}
