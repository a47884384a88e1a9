//go:build !linux

package ansible

import "os"

// inMemory is a pipe, since other systems have no files of memory; Ansible reads
// it once.
func inMemory(text []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		w.Write(text) // fails if nobody reads it
		w.Close()
	}()
	return r, nil
}
