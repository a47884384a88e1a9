package script

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Hung is the error of a script that made no progress for too long. The script
// may still run.
type Hung struct {
	Step string
	For  time.Duration
}

func (e *Hung) Error() string {
	return fmt.Sprintf("no answer for %s (step %s): something hangs there, such as a dead network file system, a sudo that waits for LDAP, or systemd; 'pgrep -af step.' on the machine finds Slipway's shells, and 'ps f -u USER' shows what they wait for", e.For, e.Step)
}

// limits has how long a script may take without progress, where it runs nobody
// else's commands. Scripts that do are not here. Progress is any fact, line of
// the log, or byte of input or output.
var limits = map[string]time.Duration{
	"artifacts": 2 * time.Minute, // it adds up sizes
	"conclude":  time.Minute,
	"console":   time.Minute,
	"discard":   time.Minute,
	"export":    2 * time.Minute,
	"health":    30 * time.Second,
	"hold":      2 * time.Minute, // it waits up to a minute for a sweep
	"inspect":   time.Minute,
	"manifest":  time.Minute,
	"note":      time.Minute,
	"prepare":   time.Minute,
	"probe":     30 * time.Second,
	"prune":     10 * time.Minute, // removing many files is slow on some disks
	"recheck":   10 * time.Minute, // it reads all files
	"relations": time.Minute,
	"stage":     10 * time.Minute, // as recheck, after all input has come
	"sweep":     10 * time.Minute,
	"tidy":      10 * time.Minute,
	"tip":       time.Minute,
	"unitlog":   time.Minute,
}

// watch notices that a call makes no progress.
type watch struct {
	last atomic.Int64 // nanoseconds since some point in time
	busy atomic.Int32 // how many of the caller's readers and writers are at work: the script waits for them
}

// watched returns a context that ends with a [Hung] as its cause, if the call
// makes no progress for as long as its limit.
func (c call) watched(ctx context.Context) (context.Context, *watch, func()) {
	w := &watch{}
	w.touch()
	limit := c.limit
	if limit == 0 {
		limit = limits[c.script]
	}
	if limit == 0 {
		return ctx, w, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go w.wait(ctx, limit, func() { cancel(&Hung{c.script, limit}) })
	return ctx, w, func() { cancel(nil) }
}

// stillness is how late a timer may be. If it is later, this program stood still
// itself, and nothing is known about the machine.
const stillness = 2 * time.Second

func (w *watch) wait(ctx context.Context, limit time.Duration, hung func()) {
	for rest := limit; rest > 0; {
		began := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
		stoodStill := time.Since(began) > rest+stillness
		if w.busy.Load() > 0 || stoodStill {
			w.touch()
		}
		rest = limit - time.Since(time.Unix(0, w.last.Load()))
	}
	hung()
}

func (w *watch) touch() { w.last.Store(time.Now().UnixNano()) }

// working notes that the script waits for the caller, until the function that
// it returns is called.
func (w *watch) working() (done func()) {
	w.busy.Add(1)
	return func() {
		w.touch()
		w.busy.Add(-1)
	}
}

// writer passes on what it gets, and counts it as progress.
func (w *watch) writer(to io.Writer) io.Writer { return watchedWriter{w, to} }

type watchedWriter struct {
	watch *watch
	to    io.Writer
}

func (w watchedWriter) Write(p []byte) (int, error) {
	defer w.watch.working()()
	return w.to.Write(p)
}
