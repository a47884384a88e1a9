package ansible

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// secrets are texts that a program reads as files, and that are on no disk: each
// goes through a named pipe, to the one reader that opens it first. Paths of open
// files (/dev/fd) would not do: Ansible follows them to where there is nothing.
type secrets struct {
	dir     string
	paths   []string
	writers sync.WaitGroup
}

// add returns the path by which the program finds the text.
func (s *secrets) add(text []byte) (string, error) {
	path := filepath.Join(s.dir, fmt.Sprintf("secret-%d", len(s.paths)))
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return "", fmt.Errorf("cannot hand a secret to Ansible: mkfifo %s: %w", path, err)
	}
	s.paths = append(s.paths, path)
	s.writers.Go(func() { give(path, text) })
	return path, nil
}

// give waits for the reader. A reader that goes away has what it wants.
func give(path string, text []byte) {
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return // the directory is gone, and so is the reader
	}
	os.Remove(path)
	w.Write(text)
	w.Close()
}

// close ends the writers for which no reader came, or one that has gone: to open
// a pipe wakes the first, to close it the others.
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
