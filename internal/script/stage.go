package script

import (
	"context"
	"fmt"
	"io"

	"github.com/apxr/slipway/internal/release"
)

// Stage unpacks a release from a gzipped tar beside the other releases. It
// verifies the release against the lists in [Host.Lists] and renames it into
// place. It unpacks no more than most bytes of the tar: see
// [release.Manifest.TarSize].
func (h Host) Stage(ctx context.Context, id release.ID, most int64, tar io.Reader) error {
	c := h.stage(id, most, "")
	c.input = tar
	return h.logged(ctx, c)
}

// StageHere does the same with an artifact on the same machine, below the home
// of the same user, so nothing is sent.
func (h Host) StageHere(ctx context.Context, id release.ID, most int64, a release.App) error {
	return h.logged(ctx, h.stage(id, most, a.String()))
}

func (h Host) stage(id release.ID, most int64, app string) call {
	return call{script: "stage", args: h.args(arg{"id", string(id)}, arg{"most", fmt.Sprint(most)}, arg{"app", app})}
}

// Lists returns the directory for the lists of a release, until Stage has put
// the release into place and its lists beside it.
func (h Host) Lists(id release.ID) string { return h.Layout.Metadata(id) + "." + h.Token }

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
