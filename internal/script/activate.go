package script

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Restart is how the units of an application are restarted: with sudo and
// systemctl, unless one of the other ways is given.
type Restart struct {
	Flag    string // a file that a .path unit watches
	Command string // commands of sh
}

func (r Restart) way() string {
	switch {
	case r.Command != "":
		return "command"
	case r.Flag != "":
		return "flag"
	}
	return "systemctl"
}

// Switch is what one change makes of a host.
type Switch struct {
	Layout  release.Layout
	Units   []string           // in the order in which they are restarted
	To      release.Activation // zero: nothing, and the units are stopped
	Record  *release.Change    // written first; nil leaves the one that is there
	Restart Restart
}

// Started is the invocation that each unit had before a change: a unit that has
// been started since then has another one.
type Started map[string]string

// Activate makes an activation current and restarts the units.
func Activate(ctx context.Context, m Machine, s Switch, log io.Writer) (Started, error) {
	record, link := "", ""
	if s.Record != nil {
		var err error
		if record, err = s.Record.JSON(); err != nil {
			return nil, err
		}
	}
	if !s.To.IsZero() {
		link = s.Layout.Link(s.To)
	}
	before := Started{}
	c := call{
		script: "activate", libs: []string{"service", "receive", "critical"}, log: log,
		args: args{
			{"base", s.Layout.Base}, {"units", strings.Join(s.Units, " ")}, {"link", link}, {"record", record},
			{"restart", s.Restart.way()}, {"flag", s.Restart.Flag},
		},
		onFact: func(_, value string) {
			unit, invocation, _ := strings.Cut(value, " ")
			before[unit] = invocation
		},
	}
	if s.Restart.Command != "" {
		c.input = text(s.Restart.Command)
	}
	return before, c.run(ctx, m)
}

// text is what receive.sh reads.
func text(s string) io.Reader { return strings.NewReader("text ." + encodeAny(s) + " end\n") }

// Environment is what an activation's environment is made from.
type Environment struct {
	Given bool   // Text is it, and none if that is empty
	Text  string // as a shell script of exports
	Keep  string // otherwise: the key of the activation whose environment it is; empty: none
}

// Prepare puts the environment of an activation on the host, where nothing uses
// it yet, and the launcher that gives it to a release. It says what to activate,
// and whether that is current already.
func Prepare(ctx context.Context, m Machine, l release.Layout, id release.ID, key string, e Environment) (a release.Activation, same bool, err error) {
	c := call{
		script: "prepare", libs: []string{"receive", "launcher"},
		onFact: func(key, value string) { same = same || key == "same" && value == "yes" },
	}
	env, a := "none", release.Activation{ID: id}
	switch {
	case e.Given && e.Text != "":
		env, a.Env, c.input = "new", key, text(e.Text)
	case !e.Given && e.Keep != "":
		env, a.Env = "keep", key
	}
	c.args = args{{"base", l.Base}, {"id", string(id)}, {"key", key}, {"env", env}, {"from", e.Keep}}
	err = c.run(ctx, m)
	return a, same, err
}

// Moment is when commands run: the setting that they are given by.
type Moment string

// The moments.
const (
	Once   Moment = "before-activate-once" // on one host, before any is switched
	Before Moment = "before-activate"
	After  Moment = "after-activate"
)

// Hook is what runs beside a switch: commands, or a one-shot unit, or the one
// and then the other.
type Hook struct {
	Commands string // for sh
	Unit     string // started by sudo systemctl; empty: none
	// Record is written into the history before Unit is started: whatever ends the
	// start, it may have changed something by then.
	Record release.Change
}

// IsZero reports whether there is nothing to run.
func (h Hook) IsZero() bool { return h.Commands == "" && h.Unit == "" }

// RunHook runs a hook: its commands in a release's directory with the
// environment of the activation. It ends with ctx, and with the connection.
// It says whether the unit was started, however that ended.
func RunHook(ctx context.Context, m Machine, l release.Layout, a release.Activation, when Moment, h Hook, log io.Writer) (started bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line := ""
	if h.Unit != "" {
		if line, err = h.Record.JSON(); err != nil {
			return false, err
		}
	}
	err = call{
		script: "hook", libs: []string{"receive", "append", "service"}, log: log, input: io.MultiReader(text(h.Commands), pulse{ctx}),
		args: args{
			{"base", l.Base}, {"id", string(a.ID)}, {"env", a.Env}, {"when", string(when)},
			{"unit", h.Unit}, {"line", line},
		},
		onFact: func(key, _ string) { started = started || key == "started" },
	}.run(ctx, m)
	return started, err
}

// pulse is heartbeats for as long as a call may go on.
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

// Conclude writes a change into the history and removes the change record.
func Conclude(ctx context.Context, m Machine, l release.Layout, c release.Change) error {
	line, err := c.JSON()
	if err != nil {
		return err
	}
	return call{script: "conclude", libs: []string{"append"}, args: args{{"base", l.Base}, {"line", line}}}.run(ctx, m)
}

// Forget removes the change record of a change that is in the history already.
func Forget(ctx context.Context, m Machine, l release.Layout) error {
	return call{script: "conclude", libs: []string{"append"}, args: args{{"base", l.Base}, {"line", ""}}}.run(ctx, m)
}
