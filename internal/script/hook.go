package script

import (
	"context"
	"io"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Moment says when commands run. Its value is the setting that gives them.
type Moment string

// The moments.
const (
	Once   Moment = "before-activate-once" // on one host, before any host is switched
	Before Moment = "before-activate"
	After  Moment = "after-activate"
)

// Hook has what runs around a switch: commands, a one-shot unit, or the
// commands and then the unit.
type Hook struct {
	Commands string // for sh
	Unit     string // started with sudo systemctl; empty: none
	// Record is written to the history before Unit starts: the unit may change
	// something even if its start fails or is interrupted.
	Record release.Change
}

// IsZero reports whether there is nothing to run.
func (h Hook) IsZero() bool { return h.Commands == "" && h.Unit == "" }

// hookLimit is longer than the 600 s after which receive.sh ends commands. A unit
// has no limit but that of the run: only its project knows how long a migration
// may take.
const hookLimit = 11 * time.Minute

// RunHook runs a hook: its commands in the release's directory, with the
// environment of the activation. The hook ends when ctx or the connection ends.
// RunHook reports whether the unit was started, even if the hook failed.
func (h Host) RunHook(ctx context.Context, a release.Activation, when Moment, what Hook) (started bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line := ""
	if what.Unit == "" {
		ctx, cancel = context.WithTimeoutCause(ctx, hookLimit, &Hung{"hook", hookLimit})
		defer cancel()
	} else {
		if line, err = what.Record.JSON(); err != nil {
			return false, err
		}
	}
	err = h.logged(ctx, call{
		script: "hook", input: io.MultiReader(text(what.Commands), pulse{ctx}),
		args: h.args(
			arg{"id", string(a.ID)},
			arg{"env", a.Env},
			arg{"when", string(when)},
			arg{"unit", what.Unit},
			arg{"line", line},
		),
		onFact: func(key, _ string) { started = started || key == "started" },
	})
	return started, err
}

// pulse is a reader of heartbeats until its context ends.
type pulse struct{ ctx context.Context }

func (p pulse) Read(b []byte) (int, error) {
	select {
	case <-p.ctx.Done():
		return 0, io.EOF
	case <-time.After(heartbeat):
		b[0] = '.'
		return 1, nil
	}
}
