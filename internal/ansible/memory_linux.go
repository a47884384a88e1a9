package ansible

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// inMemory is a file without a name, of memory: a program may read it more than
// once. It must not look like a script: Ansible would run it.
func inMemory(text []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("slipway", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "slipway")
	_, writeErr := f.Write(text)
	if err := errors.Join(writeErr, f.Chmod(0o600)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
