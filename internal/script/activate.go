package script

import (
	"context"
	"io"
	"strings"

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

// Switch is the change that Activate makes on a host.
type Switch struct {
	Units   []string           // in the order in which they are restarted
	To      release.Activation // zero: nothing runs, and the units are stopped
	Record  *release.Change    // written first; nil leaves the one that is there
	Restart Restart
}

// Started has the invocation that each unit had before a change. A unit that
// was started since then has another one.
type Started map[string]string

// Activate makes an activation current and restarts the units.
func (h Host) Activate(ctx context.Context, s Switch) (Started, error) {
	record, link := "", ""
	if s.Record != nil {
		var err error
		if record, err = s.Record.JSON(); err != nil {
			return nil, err
		}
	}
	if !s.To.IsZero() {
		link = h.Layout.Link(s.To)
	}
	before := Started{}
	c := call{
		script: "activate",
		args: args{
			{"base", h.Layout.Base},
			{"units", strings.Join(s.Units, " ")},
			{"link", link},
			{"record", record},
			{"restart", s.Restart.way()},
			{"flag", s.Restart.Flag},
		},
		onFact: func(_, value string) {
			unit, invocation, _ := strings.Cut(value, " ")
			before[unit] = invocation
		},
	}
	if s.Restart.Command != "" {
		c.input = text(s.Restart.Command)
	}
	return before, h.logged(ctx, c)
}

// text encodes a text for receive.sh.
func text(s string) io.Reader { return strings.NewReader("text ." + encodeAny(s) + " end\n") }
