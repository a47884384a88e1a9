package script

import (
	"context"

	"github.com/apxr/slipway/internal/release"
)

// Conclude adds a change to the history and removes the change record.
func (h Host) Conclude(ctx context.Context, c release.Change) error {
	line, err := c.JSON()
	if err != nil {
		return err
	}
	return h.conclude(ctx, line)
}

// Forget removes the record of a change that is already in the history.
func (h Host) Forget(ctx context.Context) error { return h.conclude(ctx, "") }

func (h Host) conclude(ctx context.Context, line string) error {
	return h.quiet(ctx, call{script: "conclude", args: args{{"base", h.Layout.Base}, {"line", line}}})
}
