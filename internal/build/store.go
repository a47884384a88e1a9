package build

import (
	"context"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// List returns the artifacts of an application on the build server, newest first.
func List(ctx context.Context, h Host, app release.App, log *progress.Log) ([]release.Stored, error) {
	out := log.Output(name)
	defer out.Close()
	return script.Store{Machine: h, App: app, Log: out}.List(ctx)
}

// sweep removes old artifacts. It only logs a failure: the build itself has
// succeeded by then.
func sweep(ctx context.Context, h Host, p Plan, own release.ID, log *progress.Log) {
	removed, err := script.Store{Machine: h, App: p.App}.Sweep(ctx, p.KeepArtifacts, p.KeepFor, own)
	if len(removed) > 0 {
		log.Say(name, "old artifacts removed: %s", join(removed))
	}
	if err != nil {
		log.Notice(fmt.Sprintf("not all old artifacts of %s could be removed from the build server; the next build will try again: %v", p.App, err))
	}
}

func join(ids []release.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}
