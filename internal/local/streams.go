package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// streams are the near ends of a command's pipes. os/exec would make them too,
// but its WaitDelay cuts a slow reader off, and a release that goes over a slow
// line to another machine has one.
type streams struct {
	in       io.WriteCloser
	out, err *stream
}

func start(cmd *exec.Cmd, linger time.Duration, stdout, stderr io.Writer) (*streams, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, outEnd, err := newStream(stdout, linger)
	if err != nil {
		in.Close()
		return nil, err
	}
	errs, errsEnd, err := newStream(stderr, linger)
	if err != nil {
		in.Close()
		outEnd.Close()
		out.close()
		return nil, err
	}
	defer outEnd.Close()
	defer errsEnd.Close()
	cmd.Stdout, cmd.Stderr = outEnd, errsEnd
	s := &streams{in, out, errs}
	if err := cmd.Start(); err != nil {
		s.close()
		return nil, err
	}
	go out.copy()
	go errs.copy()
	return s, nil
}

// drain waits, after the command has ended, until its output is all there.
func (s *streams) drain() error {
	return errors.Join(s.out.drain(), s.err.drain())
}

func (s *streams) close() {
	s.in.Close()
	s.out.close()
	s.err.close()
}

// stream is a command's stdout or stderr on its way to w.
type stream struct {
	r      *os.File
	linger time.Duration
	ended  atomic.Bool // the command has
	copied chan error

	mu sync.Mutex
	w  io.Writer // nil when the caller has gone on
}

func newStream(w io.Writer, linger time.Duration) (*stream, *os.File, error) {
	r, end, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &stream{r: r, w: w, linger: linger, copied: make(chan error, 1)}, end, nil
}

// maxRest is the most that a pipe holds. So of what comes after the command has
// ended, no more than this can be the command's own.
const maxRest = 1 << 20

// copy spends linger on waiting for more, not on a reader that takes its time:
// what the command wrote is in the pipe and is read without waiting.
func (s *stream) copy() {
	defer s.r.Close() // a command whose output nobody takes is not to wait for ever
	left, rest := s.linger, maxRest
	for buf := make([]byte, 32<<10); ; {
		began, ended := time.Now(), s.ended.Load()
		if ended {
			s.r.SetReadDeadline(began.Add(left))
		}
		n, err := s.r.Read(buf)
		if ended {
			left, rest = left-time.Since(began), rest-n
		}
		if _, writeErr := s.write(buf[:n]); writeErr != nil {
			s.copied <- fmt.Errorf("%s: cannot pass on the command's output: %w", name, writeErr)
			return
		}
		if err != nil || rest <= 0 {
			s.copied <- clean(err)
			return
		}
	}
}

// clean drops the errors that are ends: nobody holds the pipe any more, or
// nobody waits for those who do.
func clean(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return fmt.Errorf("%s: cannot read the command's output: %w", name, err)
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if s.w == nil {
		return 0, io.ErrClosedPipe
	}
	return s.w.Write(p)
}

func (s *stream) drain() error {
	s.ended.Store(true)
	s.r.SetReadDeadline(time.Now().Add(s.linger)) // wakes a copy that waits already
	return <-s.copied
}

// close keeps a command that goes on from writing to a caller that has gone on.
func (s *stream) close() {
	s.r.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w = nil
}

// feed copies stdin and closes it. A reader that fails must not look like a
// clean end of file to the command, so the caller gets the error: it is there
// before the command can see the end of its input and exit. That the pipe fails
// is none: a command may end before it has read everything.
func feed(in io.WriteCloser, stdin io.Reader, fed chan<- error) {
	source := &source{r: stdin}
	io.Copy(in, source)
	fed <- source.err
	in.Close()
}

// source remembers how reading failed, apart from how writing did.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
