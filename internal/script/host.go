package script

import (
	"context"
	"io"

	"github.com/apxr/slipway/internal/release"
)

// Host runs the scripts of one application on a web server.
type Host struct {
	Machine Machine
	Layout  release.Layout
	Log     func() io.WriteCloser // opens the log of one script, which is closed when the script has ended; nil: no log
}

// logged runs a call whose output goes to the host's log.
func (h Host) logged(ctx context.Context, c call) error {
	if h.Log != nil {
		log := h.Log()
		defer log.Close()
		c.log = log
	}
	return c.run(ctx, h.Machine)
}

// quiet runs a call that has nothing to log.
func (h Host) quiet(ctx context.Context, c call) error { return c.run(ctx, h.Machine) }
