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

// streams are the near ends of a command's pipes. Those of os/exec will not do:
// its WaitDelay cuts off a slow reader, and a release that goes to another machine
// over a slow line has one.
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

// drain waits until all of the output has arrived. It is called when the command
// has ended. If something that the command started still holds the output, drain
// says so on stderr.
func (s *streams) drain() error {
	err := errors.Join(s.out.drain(), s.err.drain())
	if s.out.left.Load() || s.err.left.Load() {
		s.err.write([]byte("what this command has left running still holds its output, which is no longer read\n"))
	}
	return err
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
	ended  atomic.Bool // set when the command has ended
	left   atomic.Bool // set when something else held it open then
	copied chan error

	mu sync.Mutex
	w  io.Writer // nil once the caller no longer waits
}

func newStream(w io.Writer, linger time.Duration) (*stream, *os.File, error) {
	r, end, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &stream{r: r, w: w, linger: linger, copied: make(chan error, 1)}, end, nil
}

// maxRest is the most that a pipe can hold. After the command has ended, any
// output beyond this cannot be its own.
const maxRest = 1 << 20

// copy copies the output to w. After the command has ended, only the time spent
// waiting for more output counts against linger, not the time that a slow reader
// takes: the command's own output is in the pipe and needs no waiting.
func (s *stream) copy() {
	defer s.r.Close() // or a command whose output nobody reads would wait forever
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
			s.left.Store(rest <= 0 || errors.Is(err, os.ErrDeadlineExceeded))
			s.copied <- clean(err)
			return
		}
	}
}

// clean drops the errors that just mark the end: no process holds the pipe any
// more, or linger is over.
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
	s.r.SetReadDeadline(time.Now().Add(s.linger)) // wakes a copy that is already waiting
	return <-s.copied
}

// close stops a command that is still running from writing to a caller that no
// longer waits for it.
func (s *stream) close() {
	s.r.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w = nil
}

// feed copies stdin to in, then closes in. To the command, a reader that failed
// looks like a clean end of file, so the error goes to the caller. It is sent
// before in is closed, so it is there by the time the command can exit. A failed
// write is not an error: a command may end before it has read everything.
func feed(in io.WriteCloser, stdin io.Reader, fed chan<- error) {
	source := &source{r: stdin}
	io.Copy(in, source)
	fed <- source.err
	in.Close()
}

// source remembers the error of reading: io.Copy does not tell it from an error
// of writing.
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
