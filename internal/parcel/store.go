package parcel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/apxr/slipway/internal/release"
)

// Export writes files of a release, as a compressed tar. Without paths, it writes all.
type Export func(ctx context.Context, paths []string, w io.Writer) error

// Store keeps contents of one release on their way from the build host. Each content
// is read at most once, and verified as it arrives.
//
// They are in a file without a name, which disappears with this program, however that
// ends.
type Store struct {
	ctx    context.Context
	cancel context.CancelFunc
	export Export
	size   map[string]release.File // the entries of the manifest, by their paths
	count  int
	file   *os.File
	reads  sync.WaitGroup

	mu       sync.Mutex
	more     *sync.Cond // signals another content, or an error
	places   map[string]*place
	used     int64
	received int64
	err      error
}

// place is where the content with a checksum is, or will be.
type place struct {
	at    int64
	there bool
	read  *read
}

// read is one export of the build host.
type read struct{ ended bool }

// NewStore returns an empty store. Nothing is read before [Store.Need] asks for it.
func NewStore(ctx context.Context, m release.Manifest, export Export) (*Store, error) {
	file, err := Nameless()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Store{ctx: ctx, cancel: cancel, export: export, size: map[string]release.File{}, file: file, places: map[string]*place{}}
	s.more = sync.NewCond(&s.mu)
	contents := map[string]bool{}
	for _, f := range m.Files {
		s.size[f.Path] = f
		if f.Kind == release.Regular {
			contents[f.SHA256] = true
		}
	}
	s.count = len(contents)
	return s, nil
}

// Nameless returns a file that disappears with this program.
func Nameless() (*os.File, error) {
	file, err := os.CreateTemp("", "slipway-")
	if err == nil {
		err = os.Remove(file.Name())
	}
	if err != nil {
		return nil, fmt.Errorf("this machine has no place for the release on its way (TMPDIR): %w", err)
	}
	return file, nil
}

// Need begins to read those contents of the files that nobody has asked for yet.
func (s *Store) Need(files []release.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	asked, r := map[string]release.File{}, &read{}
	for _, f := range files {
		if s.places[f.SHA256] == nil {
			s.places[f.SHA256] = &place{read: r}
			asked[f.SHA256] = f
			paths = append(paths, f.Path)
		}
	}
	switch len(paths) {
	case 0:
		return
	case s.count:
		paths = nil
	}
	s.reads.Go(func() { s.read(r, paths, asked) })
}

// read takes what the build host sends for these paths. asked has one file for each
// content.
func (s *Store) read(done *read, paths []string, asked map[string]release.File) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	r, w := io.Pipe()
	s.reads.Go(func() {
		err := s.export(ctx, paths, counted{s, w})
		if err != nil {
			err = &exportError{err}
		}
		w.CloseWithError(err)
	})
	s.end(done, s.complete(r, asked))
	r.Close()
}

// exportError marks the errors of the build host.
type exportError struct{ error }

// complete unpacks what comes, until nothing is missing.
func (s *Store) complete(r io.Reader, asked map[string]release.File) error {
	err := s.unpack(r, asked)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20)) // the padding after the archive's end
	}
	if failed := (*exportError)(nil); errors.As(err, &failed) {
		return failed.error
	}
	for _, f := range asked {
		if err == nil {
			return unlike(f.Path, "it is not in the artifact")
		}
	}
	return err
}

// end ends everybody's waiting for a read, or for all reads if there is an error.
func (s *Store) end(done *read, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done.ended = true
	if s.err == nil {
		s.err = err
	}
	s.more.Broadcast()
}

// counted counts what has come.
type counted struct {
	s *Store
	w io.Writer
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.s.mu.Lock()
	c.s.received += int64(n)
	c.s.mu.Unlock()
	return n, err
}

// Received returns how many bytes have come from the build host.
func (s *Store) Received() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

// Open waits for the content of a file that was asked for, and returns it.
func (s *Store) Open(f release.File) (io.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[f.SHA256]
	if p == nil {
		return nil, fmt.Errorf("%q was not asked for", f.Path) // a mistake in this program
	}
	for !p.there {
		if s.err != nil {
			return nil, s.err
		}
		s.more.Wait()
	}
	if f.Size == 0 {
		return bytes.NewReader(nil), nil
	}
	return io.NewSectionReader(s.file, p.at, f.Size), nil
}

// Settle waits for the end of the reads that the contents of the files come with. An
// artifact that has more than its manifest shows it only there.
func (s *Store) Settle(files []release.File) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		for p := s.places[f.SHA256]; p != nil && !p.read.ended && s.err == nil; {
			s.more.Wait()
		}
	}
	if len(files) == 0 {
		return nil // what is wrong with other files does not matter
	}
	return s.err
}

// Close ends what is still being read, and frees the disk space.
func (s *Store) Close() error {
	s.cancel()
	s.reads.Wait()
	return s.file.Close()
}

// unlike returns the error of a file that is not as the manifest says.
func unlike(path, why string) error {
	return fmt.Errorf("the artifact on the build host does not fit its manifest: %q: %s; something has changed it there: build again", path, why)
}
