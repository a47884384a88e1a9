package script

import (
	"context"

	"github.com/apxr/slipway/internal/release"
)

// Conclude adds a change to the history and removes the change record. It may be
// called again for the same change.
func (h Host) Conclude(ctx context.Context, c release.Change) error {
	line, err := c.JSON()
	if err != nil {
		return err
	}
	return h.conclude(ctx, c.Key, line)
}

// Forget removes the record of a change that is already in the history.
func (h Host) Forget(ctx context.Context, key string) error { return h.conclude(ctx, key, "") }

func (h Host) conclude(ctx context.Context, key, line string) error {
	return h.quiet(ctx, call{script: "conclude", args: h.args(arg{"key", key}), input: text(line)})
}
