package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxFile is the limit that package remote has too.
const maxFile = 64 << 20

// ReadFile reads a small file. A relative name is relative to the user's home
// directory.
func (m *Machine) ReadFile(ctx context.Context, file string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, file, err)
	}
	f, err := os.Open(m.path(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, file, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, file, cause(err))
	}
	return data, nil
}

// WriteFile writes a small file and creates its parent directories. As over SFTP,
// the umask decides who may read them.
func (m *Machine) WriteFile(ctx context.Context, file string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %s: %w", name, file, err)
	}
	path := m.path(file)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("%s: cannot create the directory of %s: %w", name, file, err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		return fmt.Errorf("%s: cannot write %s: %w", name, file, cause(err))
	}
	return nil
}

func (m *Machine) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(m.home, file)
}

// cause strips the file name from an error of package os: the message has it
// already.
func cause(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}
