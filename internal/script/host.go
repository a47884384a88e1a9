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
	Log     func() io.WriteCloser // opens a log for one script, closed when the script has ended; nil: no log
}

// logged runs a call and writes its output to the host's log.
func (h Host) logged(ctx context.Context, c call) error {
	if h.Log != nil {
		log := h.Log()
		defer log.Close()
		c.log = log
	}
	return c.run(ctx, h.Machine)
}

// quiet runs a call without output for the log.
func (h Host) quiet(ctx context.Context, c call) error { return c.run(ctx, h.Machine) }
