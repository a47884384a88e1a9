package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/console"
	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/internal/terminal"
)

// ended is a signal that ended a run.
type ended struct{ sig syscall.Signal }

func (e ended) Error() string { return "ended by a signal: " + e.sig.String() }

// until is a context that one of these signals ends.
func until(ctx context.Context, signals ...os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	got := make(chan os.Signal, 1)
	signal.Notify(got, signals...)
	go func() {
		select {
		case s := <-got:
			cancel(ended{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		cancel(nil)
	}
}

// lookInside carries out the verbs with which a person looks inside of what runs,
// and returns the exit code: that of the command on the host, if it ran.
func lookInside(ctx context.Context, s System, cfg config.Config) int {
	log := progress.New(progress.Terminal{W: s.Stderr}, cfg.Secrets()...)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	if cfg.Verb == config.Console && cfg.Hosts[0].IsLocal() {
		signals = signals[1:] // Ctrl-C is for the console, which sits at the same terminal
		// Caught and dropped: what is ignored stays so in the programs that are started.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	ctx, stop := until(ctx, signals...)
	defer stop()
	err := inside{s, cfg, log}.run(ctx)
	var by ended
	var status interface{ ExitStatus() int }
	var own *script.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(context.Cause(ctx), &by):
		if cfg.Verb == config.Logs && by.sig == syscall.SIGINT {
			return exitOK // that is how one leaves a log
		}
		return 128 + int(by.sig)
	case errors.As(err, &own) && own.Reason != "": // the script's status is not the command's
	case errors.As(err, &status):
		return status.ExitStatus()
	}
	log.Error(err.Error())
	return exitCode(err)
}

// inside is one look.
type inside struct {
	System
	cfg config.Config
	log *progress.Log
}

func (i inside) run(ctx context.Context) error {
	dialer, err := newDialer(i.cfg, i.Getenv, i.log)
	if err != nil {
		return mistakesOf(err)
	}
	defer dialer.Close()
	in, hasTerminal := i.Stdin.(*os.File)
	out, _ := i.Stdout.(*os.File)
	if hasTerminal = hasTerminal && terminal.Is(in) && terminal.Is(out); i.cfg.Verb == config.Console && !hasTerminal {
		return errors.New("a console needs a terminal, as stdin and as stdout: from a script, use slipway rpc or slipway eval")
	}
	host, err := dialer.insideHost(ctx, i.cfg.Hosts[0])
	if err != nil {
		return err
	}
	defer host.Close()
	plan := i.plan()
	entrance, err := console.Open(ctx, host, plan, i.Stderr)
	if err != nil {
		return err
	}
	if i.cfg.Verb != config.Console {
		stdout, stderr := i.Stdout, i.Stderr
		if i.cfg.Verb == config.Logs {
			stdout, stderr = shown(stdout), shown(stderr)
		}
		return console.Run(ctx, host, plan, entrance, console.Output{Stdout: stdout, Stderr: stderr})
	}
	i.log.Say(host.Name(), "the console of %s, release %s. Leave it with Ctrl-C twice.", plan.Unit, cmp.Or(string(entrance.Running), "unknown"))
	term := cmp.Or(i.Getenv("TERM"), "dumb")
	if machine, ok := host.insideMachine.(*local.Machine); ok {
		return machine.Interact(ctx, entrance.Command, term, in, out)
	}
	return i.remoteConsole(ctx, host.insideMachine.(*remote.Conn), entrance.Command, term, in, out)
}

// lookFlags is what a person has to give to look inside of the hosts of a run,
// beside host and app.
func lookFlags(cfg config.Config) string {
	flags := ""
	if units := cfg.Service.Units; len(units) > 0 && !slices.Equal(units, []string{cfg.App.Name + ".service"}) {
		flags += " --units " + strings.Join(units, ",")
	}
	if cfg.Layout.Base != "" && cfg.Layout != release.DefaultLayout(cfg.App) {
		flags += " --deploy-to " + cfg.Layout.Base
	}
	var jumps []string
	for _, h := range cfg.Access.Jumps {
		jumps = append(jumps, h.String())
	}
	if len(jumps) > 0 {
		flags += " --jump-hosts " + strings.Join(jumps, ",")
	}
	return flags
}

// shown is a writer for what logs have, which may be anything.
func shown(w io.Writer) io.Writer {
	if terminal.Is(w) {
		return terminal.Harmless(w)
	}
	return w
}

func (i inside) plan() console.Plan {
	p := console.Plan{
		Way: verbs[i.cfg.Verb].look, App: i.cfg.App, Layout: i.cfg.Layout, Unit: i.cfg.Service.Units[0],
		Follow: i.cfg.Inside.Follow, Input: i.cfg.Inside.Expression,
	}
	if p.Way == console.Logs {
		p.Unit = i.cfg.Inside.Unit
	}
	return p
}

// remoteConsole hands the terminal over to the host, and takes it back in the end,
// however that comes.
func (i inside) remoteConsole(ctx context.Context, conn *remote.Conn, command, term string, in, out *os.File) (err error) {
	ctx, done := context.WithCancel(ctx)
	defer done()
	width, height, err := terminal.Size(out)
	if err != nil {
		return err
	}
	sizes := make(chan remote.Size, 1)
	terminal.Resized(ctx, func() {
		if width, height, err := terminal.Size(out); err == nil { // one that has gone has no size
			select {
			case sizes <- remote.Size{Width: width, Height: height}:
			case <-ctx.Done():
			}
		}
	})
	restore, err := terminal.Raw(in)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, restore())
		fmt.Fprintln(i.Stderr) // what comes next begins a line of its own
	}()
	return conn.Interact(ctx, command, remote.Terminal{Name: term, Size: remote.Size{Width: width, Height: height}, Resized: sizes, In: in, Out: out})
}
