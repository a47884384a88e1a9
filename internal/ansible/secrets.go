package ansible

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// secrets are texts that a program reads as files but that are on no disk. Each
// goes through a named pipe to the first reader that opens it. Paths of open files
// (/dev/fd) would not work: Ansible resolves them to paths that do not exist.
type secrets struct {
	dir     string
	paths   []string
	writers sync.WaitGroup
}

// add returns the path from which the program can read the text.
func (s *secrets) add(text []byte) (string, error) {
	path := filepath.Join(s.dir, fmt.Sprintf("secret-%d", len(s.paths)))
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return "", fmt.Errorf("cannot pass a secret to Ansible: mkfifo %s: %w", path, err)
	}
	s.paths = append(s.paths, path)
	s.writers.Go(func() { give(path, text) })
	return path, nil
}

// give waits for a reader and writes the text. It ignores a reader that goes away
// early.
func give(path string, text []byte) {
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return // the directory is gone, and with it the reader
	}
	os.Remove(path)
	w.Write(text)
	w.Close()
}

// close ends the writers that have no reader, or whose reader has gone. Opening
// the pipe wakes a writer that waits for a reader; closing it ends a blocked
// write.
func (s *secrets) close() {
	done := make(chan struct{})
	go func() {
		s.writers.Wait()
		close(done)
	}()
	for {
		var ends []*os.File
		for _, path := range s.paths {
			if r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
				ends = append(ends, r)
			}
		}
		select {
		case <-done:
		case <-time.After(10 * time.Millisecond):
		}
		for _, r := range ends {
			r.Close()
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
