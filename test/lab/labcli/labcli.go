// Package labcli is the lab's command line: a lab for a person at a shell, which stays up until it is taken down.
//
// The lab belongs to a detached process of the same program ("supervise"), because a lab ends with the process that
// started it. The package does not know how hosts are made; that is package lab.
package labcli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/apxr/slipway/test/lab"
)

const help = `lab boots real Linux hosts on this machine to try Slipway on. It needs root on Debian or Ubuntu.

Usage: go run ./test/lab/cmd/lab COMMAND

  up [--web N] [--bare M]  boot a build host, a git host and N web hosts (2), prepared for apxr/apxr_io,
                           and M bare hosts (0), servers just installed, for setup
  down                     end them and remove everything
  status                   show the labs on this machine, those of running tests too
  ssh [USER@]HOST [CMD...] log in to a host, as root unless USER is given (deploy is there too)
  env                      print addresses and paths as shell variables: eval "$(... env)"
  tools [PROGRAM...]       install what the lab and the tests call and this machine lacks
  help                     print this
`

// Streams are the standard streams of the command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs one command and returns its exit code: for ssh the remote command's, otherwise 0, 1, or 2 for a mistake
// in the arguments.
func Main(ctx context.Context, args []string, std Streams) int {
	err := dispatch(ctx, args, std)
	if err == nil {
		return 0
	}
	if remote, ok := errors.AsType[remoteExit](err); ok {
		return int(remote)
	}
	fmt.Fprintln(std.Err, "lab:", err)
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

var errUsage = errors.New("see `lab help`")

func dispatch(ctx context.Context, args []string, std Streams) error {
	if len(args) == 0 {
		return fmt.Errorf("no command; %w", errUsage)
	}
	command, rest := args[0], args[1:]
	switch command {
	case "up":
		return up(ctx, rest, std)
	case superviseCommand:
		return supervise(ctx, rest, std)
	case "down":
		return down(ctx, std)
	case "status":
		return status(std)
	case "ssh":
		return ssh(ctx, rest, std)
	case "env":
		return env(ctx, std)
	case "tools":
		return lab.InstallTools(ctx, func(format string, args ...any) { fmt.Fprintf(std.Err, "lab: "+format+"\n", args...) }, rest...)
	case "help", "-h", "--help":
		_, err := io.WriteString(std.Out, help)
		return err
	}
	return fmt.Errorf("unknown command %q; %w", command, errUsage)
}

// parseUp reads the arguments of up, which supervise is given too.
func parseUp(args []string) (lab.Options, error) {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	web := flags.Int("web", 2, "")
	bare := flags.Int("bare", 0, "")
	if err := flags.Parse(args); err != nil {
		return lab.Options{}, fmt.Errorf("up: %w; %w", err, errUsage)
	}
	if flags.NArg() > 0 || *web < 1 || *bare < 0 {
		return lab.Options{}, fmt.Errorf("up: %s; %w", strings.Join(args, " "), errUsage)
	}
	return lab.Options{Web: *web, Bare: *bare, ByHand: true}, nil
}

// byHand finds the lab that up started.
func byHand() (*lab.Lab, error) {
	labs, err := lab.Running()
	if err != nil {
		return nil, err
	}
	for _, l := range labs {
		if l.ByHand() {
			return l, nil
		}
	}
	return nil, errNotUp
}

var errNotUp = errors.New("no lab is up: start one with `lab up`")
