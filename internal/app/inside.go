package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/console"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// ended is the signal that ended a run.
type ended struct{ sig syscall.Signal }

func (e ended) Error() string { return "ended by a signal: " + e.sig.String() }

// until returns a context that one of these signals ends.
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

// lookInside runs the verbs with which a person looks inside an application. It
// returns the exit code of the command on the host, if that ran.
func lookInside(ctx context.Context, out *exit, cfg config.Config) int {
	log := progress.Hiding(progress.Terminal{W: out.Stderr}, out.secrets)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	if cfg.Verb == config.Console && cfg.Hosts[0].IsLocal() {
		signals = signals[1:] // Ctrl-C belongs to the console, which uses the same terminal
		// Catch and drop SIGINT instead of ignoring it: child processes would
		// inherit an ignored signal.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	ctx, stop := until(ctx, signals...)
	defer stop()
	err := inside{out, cfg, log}.run(ctx)
	if err == nil {
		return exitOK
	}
	if status, known := lookStatus(context.Cause(ctx), err, cfg.Verb); known {
		return status
	}
	log.Error(log.RedactCut(err.Error()))
	return exitCode(err)
}

// lookStatus returns the exit code of an error that needs no message: a signal
// ended the command, or the command has already said what is wrong.
func lookStatus(cause, err error, verb config.Verb) (status int, known bool) {
	if by, ok := errors.AsType[ended](cause); ok {
		if verb == config.Logs && by.sig == syscall.SIGINT {
			return exitOK, true // the usual way to leave a log
		}
		return 128 + int(by.sig), true
	}
	if own, ok := errors.AsType[*script.Error](err); ok && own.Reason != "" {
		return 0, false // the script's exit status is not the command's
	}
	if exited, ok := errors.AsType[interface {
		error
		ExitStatus() int
	}](err); ok {
		return exited.ExitStatus(), true
	}
	return 0, false
}

// inside is one look at a host.
type inside struct {
	*exit
	cfg config.Config
	log *progress.Log
}

func (i inside) run(ctx context.Context) error {
	dialer, err := newDialer(i.cfg, i.Getenv, i.log)
	if err != nil {
		return mistakesOf(err)
	}
	defer dialer.Close()
	var t tty
	if i.cfg.Verb == config.Console {
		if t, err = i.tty(); err != nil {
			return err
		}
	}
	host, err := dialer.insideHost(ctx, i.cfg.Hosts[0])
	if err != nil {
		return err
	}
	defer host.Close()
	plan := i.plan()
	entrance, err := console.Open(ctx, host, plan, i.Stderr)
	switch {
	case err != nil:
		return err
	case i.cfg.Verb == config.Console:
		i.log.Say(host.Name(), "the console of %s, release %s. Leave it with Ctrl-C twice.", plan.Unit, cmp.Or(string(entrance.Running), "unknown"))
		i.flush() // the console has the terminal for itself
		return i.console(ctx, host.insideMachine, entrance.Command, t)
	}
	return console.Run(ctx, host, plan, entrance, console.Output{Stdout: i.Stdout, Stderr: i.Stderr})
}

// lookFlags returns the flags of a verb that a person needs to look inside the hosts
// of a run, each with its value.
func lookFlags(verb config.Verb, cfg config.Config) (flags []string) {
	if units := cfg.Service.Units; len(units) > 0 && !slices.Equal(units, []string{cfg.App.Name + ".service"}) {
		flags = append(flags, "--units", strings.Join(units, ","))
	}
	if cfg.Layout.Base != "" && cfg.Layout != release.DefaultLayout(cfg.App) && takes(verb, "deploy-to") {
		flags = append(flags, "--deploy-to", cfg.Layout.Base)
	}
	var jumps []string
	for _, h := range cfg.Access.Jumps {
		jumps = append(jumps, h.String())
	}
	if len(jumps) > 0 {
		flags = append(flags, "--jump-hosts", strings.Join(jumps, ","))
	}
	return flags
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
