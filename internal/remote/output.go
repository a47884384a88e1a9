package remote

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// When a command has ended, its own output may still be on its way. Any of these
// shows that the rest is from processes that it has left behind.
const (
	linger    = 2 * time.Second        // nothing has come for so long
	mostAfter = 30 * time.Second       // it still goes on, with pauses,
	aPause    = 100 * time.Millisecond // of at least this length
	maxRest   = 4 << 20                // more bytes than the channel, sshd and its pipe can hold
)

// output copies the output of a command to the caller's writers.
type output struct {
	streams []*stream
	failed  chan error // gets the error of a writer
}

// collect begins to copy.
func collect(s *session, stdout, stderr io.Writer) *output {
	o := &output{failed: make(chan error, 2)}
	for _, c := range []struct {
		r io.Reader
		w io.Writer
	}{{s, stdout}, {s.Stderr(), stderr}} {
		one := &stream{w: c.w, done: make(chan struct{})}
		o.streams = append(o.streams, one)
		go one.copy(c.r, o.failed)
	}
	return o
}

// drain waits for the rest of the output of a command that has ended. It reports
// whether something still holds the output open.
func (o *output) drain(linger time.Duration) (left bool) {
	ended := time.Now()
	for _, s := range o.streams {
		s.rest.Store(maxRest)
		for !left {
			select {
			case <-s.done:
			case <-time.After(min(linger, aPause) / 2):
				left = s.isLeft(ended, linger)
				continue
			}
			break
		}
	}
	return left
}

// err returns the error of a writer, if there was one.
func (o *output) err() error {
	select {
	case err := <-o.failed:
		return err
	default:
		return nil
	}
}

// say writes a line to stderr.
func (o *output) say(line string) { io.WriteString(o.streams[1], line+"\n") }

// detach stops a session that is still ending from writing to a caller that no
// longer waits for it.
func (o *output) detach() {
	for _, s := range o.streams {
		s.detach()
	}
}

// stream is one of the two streams of a command's output.
type stream struct {
	waits atomic.Int64 // since when it waits for more, in nanoseconds; 0: it is writing
	rest  atomic.Int64 // bytes that may still come after the end of the command; 0: any number
	done  chan struct{}

	mu sync.Mutex
	w  io.Writer // nil: the caller no longer waits
}

func (s *stream) copy(r io.Reader, failed chan<- error) {
	defer close(s.done)
	for buf := make([]byte, 32<<10); ; {
		s.waits.Store(time.Now().UnixNano())
		n, err := r.Read(buf)
		s.waits.Store(0)
		if _, writeErr := s.Write(buf[:n]); writeErr != nil {
			failed <- writeErr
			return
		}
		if rest := s.rest.Load(); rest > 0 {
			s.rest.Store(max(1, rest-int64(n)))
		}
		if err != nil {
			return // the end, or that of the connection, which the session reports
		}
	}
}

// isLeft reports whether more output can only come from what a command has left
// behind. The time that a slow writer takes does not count: what was read before
// is the command's own.
func (s *stream) isLeft(ended time.Time, linger time.Duration) bool {
	since := s.waits.Load()
	if since == 0 {
		return false
	}
	began := time.Unix(0, since)
	if began.Before(ended) {
		began = ended
	}
	idle := time.Since(began)
	return idle >= linger || idle >= aPause && time.Since(ended) > mostAfter || s.rest.Load() == 1
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(p) == 0:
		return 0, nil
	case s.w == nil:
		return 0, errDetached
	}
	return s.w.Write(p)
}

var errDetached = errors.New("nobody reads this any more")

func (s *stream) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w = nil
}
