package app

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
)

// signalled returns a context that a signal ends. GitHub sends SIGINT to cancel
// a step; systemd and people also send SIGTERM.
func signalled(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}

// interruptible returns a context that the first signal ends, and one that the second
// signal ends. A person at a machine of their own waits: until the second signal there
// is time to undo what was changed. A runner kills what does not end at once, so there
// both are the same.
func interruptible(ctx context.Context, getenv func(string) string) (running, hurry context.Context, stop func()) {
	if getenv("CI") != "" {
		running, stop = signalled(ctx)
		return running, running, stop
	}
	hurry, hurried := context.WithCancel(ctx)
	running, interrupted := context.WithCancel(host.Patient(ctx, hurry))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for _, end := range []func(){interrupted, hurried} {
			select {
			case <-signals:
				end()
			case <-hurry.Done():
				return
			}
		}
	}()
	return running, hurry, func() {
		signal.Stop(signals)
		interrupted()
		hurried()
	}
}

// announceInterrupts logs what a signal leads to, until the function that it returns is
// called.
func announceInterrupts(running, hurry context.Context, verb config.Verb, log *progress.Log) (stop func()) {
	if running == hurry {
		return func() {}
	}
	first := context.AfterFunc(running, func() { log.Notice(interruptedText(verb)) })
	second := context.AfterFunc(hurry, func() {
		log.Notice("interrupted again: the run ends within 7 seconds; the next deploy or rollback repairs what is left")
	})
	return func() {
		first()
		second()
	}
}

// interruptedText says what a run does after the first signal.
func interruptedText(verb config.Verb) string {
	switch verb {
	case config.Deploy, config.BuildAndDeploy, config.Activate:
		return "interrupted: every host that was switched goes back to what it ran before, and is proved, which takes its time; Ctrl-C again hurries"
	case config.Rollback, config.Revert:
		return "interrupted: no further host is switched, and one that is being switched is not left halfway, which takes its time; Ctrl-C again hurries"
	}
	return "interrupted: the run ends"
}
