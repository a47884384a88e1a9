package app

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
)

// What a person at a terminal is told when a signal cancels a run.
const (
	onCancel = "cancelled: this run takes back what it has changed, and takes the time that it needs. Ctrl-C again: it gets 6 seconds"
	onHurry  = "hurrying: this run ends within 6 seconds, and the next one takes back what is left"
)

// interrupts are the signals of a run at a terminal. The first one cancels it. A workflow's
// runner would kill the run soon after, and a person would not: so only a second signal
// makes it hurry.
type interrupts struct {
	signals chan os.Signal
	cancel  context.CancelFunc
	say     atomic.Pointer[func(string)] // nil: there is no log yet
}

// interrupted returns the context of a run at a terminal, and its signals. On a workflow's
// runner, the command line hurries from the first signal on.
func interrupted(ctx context.Context, getenv func(string) string) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{signals: make(chan os.Signal, 2), cancel: cancel}
	var hurry chan struct{}
	if getenv("GITHUB_ACTIONS") != "true" {
		hurry = make(chan struct{})
		ctx = host.WithHurry(ctx, hurry)
	}
	signal.Notify(i.signals, syscall.SIGINT, syscall.SIGTERM)
	go i.await(hurry)
	return ctx, i
}

func (i *interrupts) await(hurry chan<- struct{}) {
	if _, ok := <-i.signals; !ok {
		return
	}
	if hurry != nil {
		i.tell(onCancel) // before the run's own words
	}
	i.cancel()
	if hurry == nil {
		return
	}
	if _, ok := <-i.signals; ok {
		i.tell(onHurry)
		close(hurry)
	}
}

// sayOn tells a person on the log what a signal does.
func (i *interrupts) sayOn(log *progress.Log) {
	say := func(text string) { log.Say("", "%s", text) }
	i.say.Store(&say)
}

func (i *interrupts) tell(text string) {
	if say := i.say.Load(); say != nil {
		(*say)(text)
	}
}

// stop lets signals end the process again.
func (i *interrupts) stop() {
	signal.Stop(i.signals)
	close(i.signals)
	i.cancel()
}
