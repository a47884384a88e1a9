package script

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Restart says how to restart the units of an application: with sudo and
// systemctl if no field is set, else in the way that is set.
type Restart struct {
	Flag    string // a file that a .path unit watches
	Command string // commands for sh
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
	Units   []string           // in the order of their restarts
	To      release.Activation // zero: the units are stopped, and nothing runs
	Record  *release.Change    // written first; nil: the existing record stays
	Change  string             // without a Record: the key of the change whose record is there
	Restart Restart
}

// limit returns how long the change may take: receive.sh ends a command after
// 600 s. systemd stops and starts a unit within 90 s each by default, but a unit
// may have set much more, to end its work in peace.
func (s Switch) limit() time.Duration {
	if s.Restart.Command != "" {
		return 11 * time.Minute
	}
	return time.Minute + time.Duration(len(s.Units))*20*time.Minute
}

// Started has the invocation of each unit before a change. A unit with another
// invocation was started since then.
type Started map[string]string

// Activate makes an activation current and restarts the units. It refuses a host
// that has the record of another change.
func (h Host) Activate(ctx context.Context, s Switch) (Started, error) {
	record, link, back, change := "", "", "", s.Change
	if s.Record != nil {
		change = s.Record.Key
		if from := s.Record.Source(); !from.IsZero() {
			back = h.Layout.Link(from)
		}
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
		script: "activate", limit: s.limit(),
		args: h.args(
			arg{"units", strings.Join(s.Units, " ")},
			arg{"link", link},
			arg{"back", back},
			arg{"record", record},
			arg{"change", change},
			arg{"restart", s.Restart.way()},
			arg{"flag", s.Restart.Flag},
		),
		onFact: func(_, value string) {
			unit, invocation, _ := strings.Cut(value, " ")
			before[unit] = invocation
		},
	}
	if s.Restart.Command != "" {
		c.input, c.foreign = text(s.Restart.Command), true
	}
	return before, h.logged(ctx, c)
}

// text encodes a text for receive.sh.
func text(s string) io.Reader { return strings.NewReader("text ." + encodeAny(s) + " end\n") }
