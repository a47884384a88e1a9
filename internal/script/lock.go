package script

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// heartbeat is well below the 30 s after which lock.sh gives up on a silent
// peer.
const heartbeat = 5 * time.Second

// Holder describes the holder of a lock to other runs.
type Holder struct {
	What  string // deploy, rollback, build
	Who   string
	Since time.Time
	Run   string // URL of the workflow run; empty on the command line
	Key   string // tells this run from all others; empty: it takes only one lock
	Name  string // what this run calls the machine
}

func (h Holder) String() string {
	s := fmt.Sprintf("%s by %s since %s", h.What, h.Who, h.Since.UTC().Format(time.RFC3339))
	if h.Run != "" {
		s += ", " + h.Run
	}
	return s
}

// Lock is a lock that a live script holds on a machine.
type Lock struct {
	Now release.ID // of a lock of builds: the machine's clock when the lock was taken
	// Turn says how often the lock was taken, with this time: see [Turn].
	Turn int
	// Token is new for each acquisition. On a host, scripts that change
	// something need it: see [Host].
	Token string

	lost   chan struct{}
	err    error
	cancel context.CancelFunc
	beats  *io.PipeWriter
}

// Wait says how long to wait for a lock that another run holds.
type Wait struct {
	Most time.Duration       // rounded to seconds; 0: do not wait
	Told func(holder string) // called once, with the holder, if the run has to wait
	// Ending, if not nil, is called if no other run has the lock, but something
	// of the last holder has not ended yet: its commands or its connection.
	Ending func()
	// Again says that this run has lost the lock. It waits only for itself: for
	// the end of its own connection. Another holder is an error at once.
	Again bool
}

func (w Wait) tell(holder string) {
	if w.Most > 0 && w.Told != nil && !w.Again {
		w.Told(holder)
	}
}

func (w Wait) end() {
	if w.Ending != nil {
		w.Ending()
	}
}

// Same is the error for a lock that this run holds itself, under another name
// of the machine.
type Same struct {
	Name string // the other name
	Err  error
}

func (e *Same) Error() string { return e.Err.Error() }
func (e *Same) Unwrap() error { return e.Err }

// Held is the error for a lock that another run holds.
type Held struct {
	Holder string
	Err    error
}

func (e *Held) Error() string { return e.Err.Error() }
func (e *Held) Unwrap() error { return e.Err }

// Lock takes the application's lock on the host, or fails with a [Held] that
// names the holder. ctx bounds only the wait. The lock ends when Release is
// called, and at most 30 s after this program or its network has gone away.
func (h Host) Lock(ctx context.Context, holder Holder, wait Wait) (*Lock, error) {
	return locking{dir: h.Layout.State(), holder: holder, wait: wait}.take(ctx, h.Machine)
}

// LockBuilds takes the lock of an application's builds on the build host, as
// [Host.Lock] does on a web server.
func LockBuilds(ctx context.Context, m Machine, a release.App, holder Holder, wait Wait) (*Lock, error) {
	return locking{dir: BuildDir(a), deep: true, clock: true, holder: holder, wait: wait}.take(ctx, m)
}

// locking describes a lock to take.
type locking struct {
	dir    string
	deep   bool // also create the parent directories of dir
	clock  bool // also ask for the machine's time
	holder Holder
	wait   Wait
}

// takeOverLimit is longer than all waits of lock.sh for what the last holder has
// left.
const takeOverLimit = 6 * time.Minute

func (k locking) take(ctx context.Context, m Machine) (*Lock, error) {
	var now, other, same string
	held, turn := false, 0
	token := rand.Text()
	l, err := hold(ctx, m, call{
		script: "lock", limit: k.wait.Most + takeOverLimit,
		args: args{
			{"dir", k.dir},
			{"deep", yes(k.deep)},
			{"holder", k.holder.String()},
			{"run", k.holder.Key},
			{"name", k.holder.Name},
			{"token", token},
			{"again", yes(k.wait.Again)},
			{"wait", fmt.Sprint(int(k.wait.Most.Seconds()))},
			{"clock", yes(k.clock)},
		},
		onFact: func(key, value string) {
			switch key {
			case "now":
				now = value
			case "turn":
				turn, _ = strconv.Atoi(value) // a number: lock.sh has counted
			case "held":
				other, held = value, true
				k.wait.tell(value)
			case "same":
				same = value
			case "working":
				k.wait.end()
			}
		},
	})
	switch {
	case err != nil && same != "":
		return nil, &Same{same, err}
	case err != nil && held:
		return nil, &Held{other, err}
	case err != nil:
		return nil, err
	}
	l.Token, l.Turn = token, turn
	if !k.clock {
		return l, nil
	}
	if l.Now, err = release.ParseID(now); err != nil {
		l.Release()
		return nil, fmt.Errorf("the machine's clock: %w", err)
	}
	return l, nil
}

// hold runs a call that keeps something locked as long as it gets heartbeats.
// It returns when the call is ready. The end of ctx does not end the lock: a run
// that is cancelled still has to undo its changes.
func hold(ctx context.Context, m Machine, c call) (*Lock, error) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	beatsIn, beatsOut := io.Pipe()
	l := &Lock{lost: make(chan struct{}), cancel: cancel, beats: beatsOut}
	held := make(chan struct{})
	c.input, c.ready = beatsIn, func() { close(held) }
	go func() {
		l.err = c.run(life, m)
		beatsIn.Close()
		close(l.lost)
	}()
	select {
	case <-held:
		if stop() {
			go beat(beatsOut)
			return l, nil
		}
		<-l.lost // ctx has ended meanwhile
	case <-l.lost:
	}
	cancel()
	return nil, l.err
}

// beat writes heartbeats until the pipe is closed.
func beat(w *io.PipeWriter) {
	for {
		if _, err := w.Write([]byte{'.'}); err != nil {
			return
		}
		time.Sleep(heartbeat)
	}
}

// Lost returns a channel that is closed when the lock is no longer held.
func (l *Lock) Lost() <-chan struct{} { return l.lost }

// releaseWait is how long Release waits for a host that does not answer. A run
// that was cancelled has only seconds left.
const releaseWait = 2 * time.Second

// Release releases the lock and waits until the host has done so.
func (l *Lock) Release() {
	l.beats.Close()
	select {
	case <-l.lost:
	case <-time.After(releaseWait):
	}
	l.cancel()
}
