// Package console lets a person look inside of what runs on a host: the running
// node's console, an expression, the unit log. It finds out whether the host lets
// them in, and what has to be run there.
//
// It does not know how the host is reached, or what a terminal is.
package console

import (
	"context"
	"errors"
	"io"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Way is one way to look inside; the first three are also what the wrapper on
// the host is called with.
type Way string

// The ways.
const (
	Console Way = "console" // of the running node
	Eval    Way = "eval"    // in a VM of its own
	RPC     Way = "rpc"     // in the running node
	Logs    Way = "logs"
)

// Host is where to look.
type Host interface {
	script.Machine
	Name() string
}

// Plan is what a person wants to see.
type Plan struct {
	Way    Way
	App    release.App
	Layout release.Layout
	Unit   string // the application's, or the one whose log it is
	Follow bool   // of a log
	Input  string // an expression
}

// wrappers is where the setup phase puts a program of root's for each
// application: it gives the release the environment of its unit.
const wrappers = "/usr/local/lib/slipway/"

// Wrapper is that of the application; empty for a log, which needs none.
func (p Plan) Wrapper() string {
	if p.Way == Logs {
		return ""
	}
	return wrappers + p.App.Name
}

// rule is the command that a sudo rule has to allow to the letter.
func (p Plan) rule() string {
	switch {
	case p.Way != Logs:
		return p.Wrapper() + " " + string(p.Way)
	case p.Follow:
		return "/usr/bin/journalctl --no-pager --output=short-iso --lines=100 --follow --unit=" + p.Unit
	}
	return "/usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=" + p.Unit
}

// Entrance is what was found out about a host that lets a person look inside.
type Entrance struct {
	Command string     // of plain words, for any login shell
	Running release.ID // empty: nothing, or it cannot be told
}

// Open finds out whether a host lets a person look inside. Everything that keeps
// it from that is one error.
func Open(ctx context.Context, h Host, p Plan, log io.Writer) (Entrance, error) {
	in, err := script.LookInside(ctx, h, script.Opening{Layout: p.Layout, Unit: p.Unit, Wrapper: p.Wrapper(), Command: p.rule()}, log)
	if err != nil {
		return Entrance{}, err
	}
	if in.Login == "root" && in.Sudo == "password" {
		in.Sudo = "yes" // sudo asks root for none, whatever its rules say
	}
	if err := p.judge(h.Name(), in); err != nil {
		return Entrance{}, err
	}
	return Entrance{p.command(in), in.Running()}, nil
}

// command is what to run. Only somebody at a terminal can be asked for a password.
func (p Plan) command(in script.Inside) string {
	// The application's user may not look into the home of who logs in, and a BEAM
	// complains of a directory that it cannot read.
	sudo := "env --chdir=/ sudo -n "
	if in.Sudo == "password" {
		sudo = "env --chdir=/ sudo "
	}
	if p.Way != Logs {
		sudo += "-u " + in.User + " "
	}
	return sudo + p.rule()
}

// Output is where the output of a command goes.
type Output struct{ Stdout, Stderr io.Writer }

// Run runs anything but a console. The command ends when ctx or the connection
// ends. An exit status other than 0 is an error with an ExitStatus method.
func Run(ctx context.Context, h Host, p Plan, e Entrance, out Output) error {
	if p.Way != Logs || p.Follow {
		return script.Attend(ctx, h, e.Command, script.Streams{Input: p.Input, Stdout: out.Stdout, Stderr: out.Stderr})
	}
	dates := &dated{w: out.Stdout}
	err := script.Attend(ctx, h, e.Command, script.Streams{Input: p.Input, Stdout: dates, Stderr: out.Stderr})
	return errors.Join(err, dates.flush())
}
