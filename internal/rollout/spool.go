package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// spool passes a release from the build host to many hosts. It reads the
// release once, when the first host asks for it, and keeps it in a file on this
// machine. So a host with a slow link delays no other, and the memory of this
// program does not grow with the release or the number of hosts.
//
// The file never has a name, so it disappears with this program, however that
// ends.
type spool struct {
	ctx    context.Context
	cancel context.CancelFunc
	source Artifact
	most   int64 // bytes

	begin sync.Once
	done  chan struct{} // closed when the file is complete, or never will be

	mu      sync.Mutex
	more    *sync.Cond // signals more data, or the end
	file    *os.File
	written int64
	ended   bool
	err     error

	log        *progress.Log
	deliveries map[string]*delivery // by the name of the host
	unreport   func()               // ends the progress reports; nil: they have not started
}

// spoolRoom is how much larger than its files an archive may be.
const spoolRoom = 64 << 20

func newSpool(ctx context.Context, a Artifact, log *progress.Log) *spool {
	ctx, cancel := context.WithCancel(ctx)
	s := &spool{
		ctx: ctx, cancel: cancel, source: a, most: 2*a.Manifest().Size() + spoolRoom,
		done: make(chan struct{}), log: log, deliveries: map[string]*delivery{},
	}
	s.more = sync.NewCond(&s.mu)
	return s
}

// Manifest returns the manifest of the release.
func (s *spool) Manifest() release.Manifest { return s.source.Manifest() }

// open returns the release from its beginning, while it arrives.
func (s *spool) open() (*spoolReader, error) {
	s.begin.Do(s.start)
	if s.file == nil {
		return nil, s.err
	}
	return &spoolReader{spool: s}, nil
}

func (s *spool) start() {
	file, err := os.CreateTemp("", "slipway-")
	if err == nil {
		err = os.Remove(file.Name())
	}
	if err != nil {
		s.err = fmt.Errorf("this machine has no place for the release on its way (TMPDIR): %w", err)
		close(s.done)
		return
	}
	s.file = file
	go func() {
		defer close(s.done)
		err := s.source.Export(s.ctx, s)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended, s.err = true, errors.Join(s.err, err)
		s.more.Broadcast()
	}()
}

// Write takes data from the build host.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	at := s.written
	s.mu.Unlock()
	if at+int64(len(p)) > s.most {
		return 0, fmt.Errorf("the build host sends more than the release can have (%d MB)", s.most/1e6)
	}
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

// Close stops the transfers and frees the disk space.
func (s *spool) Close() error {
	s.cancel()
	if s.unreport != nil {
		s.unreport()
	}
	started := true
	s.begin.Do(func() { started = false })
	if !started {
		return nil
	}
	<-s.done
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// spoolReader reads the release for one host.
type spoolReader struct {
	spool *spool
	at    atomic.Int64
}

func (r *spoolReader) Read(p []byte) (int, error) {
	s, at := r.spool, r.at.Load()
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
