package rollout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/apxr/slipway/internal/parcel"
)

// stream is a parcel that many hosts read, from its beginning, while it is being packed.
// It is kept in a file without a name. So a host with a slow link delays no other, and
// the memory of this program does not grow with the release or the number of hosts.
type stream struct {
	file *os.File
	done chan struct{} // closed when it is complete, or never will be

	mu      sync.Mutex
	more    *sync.Cond // signals more data, or the end
	written int64
	ended   bool
	err     error
}

// newStream returns what pack writes, while pack runs.
func newStream(pack func(io.Writer) error) (*stream, error) {
	file, err := parcel.Nameless()
	if err != nil {
		return nil, err
	}
	s := &stream{file: file, done: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	go func() {
		defer close(s.done)
		err := pack(s)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended, s.err = true, err
		s.more.Broadcast()
	}()
	return s, nil
}

// Write takes data of the parcel.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	at := s.written
	s.mu.Unlock()
	n, err := s.file.WriteAt(p, at)
	if err != nil {
		err = fmt.Errorf("keeping the release on its way on this machine (TMPDIR): %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += int64(n)
	s.more.Broadcast()
	return n, err
}

// size returns how much has been written, and whether that is all.
func (s *stream) size() (written int64, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written, s.ended
}

// close waits for the end of the packing, and frees the disk space.
func (s *stream) close() error {
	<-s.done
	return s.file.Close()
}

// streamReader reads a stream for one host.
type streamReader struct {
	*stream
	at atomic.Int64
}

func (r *streamReader) Read(p []byte) (int, error) {
	s, at := r.stream, r.at.Load()
	s.mu.Lock()
	for at == s.written && !s.ended {
		s.more.Wait()
	}
	there, err := s.written-at, s.err
	s.mu.Unlock()
	switch {
	case err != nil:
		return 0, err
	case there == 0:
		return 0, io.EOF
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), there)], at)
	r.at.Add(int64(n))
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the file must have everything that was written
	}
	return n, err
}
