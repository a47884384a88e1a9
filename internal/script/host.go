package script

import (
	"context"
	"errors"
	"io"

	"github.com/apxr/slipway/internal/release"
)

// Host runs the scripts of one application on a web server. A script that
// changes something first checks, on the server, that Token belongs to the last
// one who took the lock. If it does not, the error is a [Fenced].
type Host struct {
	Machine Machine
	Layout  release.Layout
	Token   string                // of the [Lock] that the run holds; empty: the run only looks
	Log     func() io.WriteCloser // opens a log for one script, closed when the script has ended; nil: no log
	// Fenced, if not nil, is called when a script has changed nothing, because
	// the run no longer has the lock.
	Fenced func(ctx context.Context)
}

// args returns the arguments of a script that changes something.
func (h Host) args(more ...arg) args {
	return append(args{{"base", h.Layout.Base}, {"token", h.Token}}, more...)
}

// logged runs a call and writes its output to the host's log.
func (h Host) logged(ctx context.Context, c call) error {
	if h.Log != nil {
		log := h.Log()
		defer log.Close()
		c.log = log
	}
	return h.quiet(ctx, c)
}

// quiet runs a call without output for the log.
func (h Host) quiet(ctx context.Context, c call) error {
	err := c.run(ctx, h.Machine)
	if h.Fenced != nil && errors.As(err, new(*Fenced)) {
		h.Fenced(ctx)
	}
	return err
}
