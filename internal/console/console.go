// Package console lets a person look inside the application on a host: by the
// running node's console, an expression, or the unit log. It finds out whether the
// host allows that, and which command to run there.
//
// The package does not know how the host is reached, or what a terminal is.
package console

import (
	"context"
	"errors"
	"io"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Way is one way to look inside. The first three are also the arguments of the
// wrapper on the host.
type Way string

// The ways.
const (
	Console Way = "console" // the console of the running node
	Eval    Way = "eval"    // an expression in a VM of its own
	RPC     Way = "rpc"     // an expression in the running node
	Logs    Way = "logs"    // the unit log
)

// Host is where to look.
type Host interface {
	script.Machine
	Name() string
}

// Plan says what a person wants to see.
type Plan struct {
	Way    Way
	App    release.App
	Layout release.Layout
	Unit   string // the application's unit, or the unit whose log to show
	Follow bool   // whether to follow the log
	Input  string // the expression
}

// wrappers is the directory in which the setup phase installs a program for each
// application. That program belongs to root, and gives the release the environment
// of its unit.
const wrappers = "/usr/local/lib/slipway/"

// Wrapper returns the application's wrapper, or "" for a log, which needs none.
func (p Plan) Wrapper() string {
	if p.Way == Logs {
		return ""
	}
	return wrappers + p.App.Name
}

// rule returns the command that a sudo rule has to allow word for word.
func (p Plan) rule() string {
	switch {
	case p.Way != Logs:
		return p.Wrapper() + " " + string(p.Way)
	case p.Follow:
		return "/usr/bin/journalctl --no-pager --output=short-iso --lines=100 --follow --unit=" + p.Unit
	}
	return "/usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=" + p.Unit
}

// Entrance is the way into a host that lets a person look inside.
type Entrance struct {
	Command string     // plain words, for any login shell
	Running release.ID // empty if nothing runs, or if that cannot be told
}

// Open finds out whether a host lets a person look inside. If not, one error gives
// all the reasons.
func Open(ctx context.Context, h Host, p Plan, log io.Writer) (Entrance, error) {
	in, err := script.LookInside(ctx, h, script.Opening{Layout: p.Layout, Unit: p.Unit, Wrapper: p.Wrapper(), Command: p.rule()}, log)
	if err != nil {
		return Entrance{}, err
	}
	if in.Login == "root" && in.Sudo == "password" {
		in.Sudo = "yes" // sudo never asks root for a password, whatever its rules say
	}
	if err := p.judge(h.Name(), in); err != nil {
		return Entrance{}, err
	}
	return Entrance{p.command(in), in.Running()}, nil
}

// command returns the command to run. Without "sudo -n", sudo may ask for a
// password; that needs a person at a terminal.
func (p Plan) command(in script.Inside) string {
	// The application's user cannot read the home directory of the login user, and a
	// BEAM complains about a current directory that it cannot read.
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

// Run runs an expression or shows a log. The command ends with ctx, and with the
// connection. If its exit status is not 0, the error has an ExitStatus method.
func Run(ctx context.Context, h Host, p Plan, e Entrance, out Output) error {
	if p.Way != Logs || p.Follow {
		return script.Attend(ctx, h, e.Command, script.Streams{Input: p.Input, Stdout: out.Stdout, Stderr: out.Stderr})
	}
	dates := &dated{w: out.Stdout}
	err := script.Attend(ctx, h, e.Command, script.Streams{Input: p.Input, Stdout: dates, Stderr: out.Stderr})
	return errors.Join(err, dates.flush())
}
