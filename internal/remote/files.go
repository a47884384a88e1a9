package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/pkg/sftp"
)

func (c *Conn) files() (*sftp.Client, error) {
	c.sftpOnce.Do(func() { c.sftp, c.sftpErr = sftp.NewClient(c.client) })
	if c.sftpErr != nil {
		return nil, fmt.Errorf("%s: no SFTP (sshd needs 'Subsystem sftp'): %w", c.name, c.sftpErr)
	}
	return c.sftp, nil
}

// maxFile bounds what ReadFile takes from a server that misbehaves.
const maxFile = 64 << 20

// ReadFile reads a small file; a relative name is below the user's home.
func (c *Conn) ReadFile(name string) ([]byte, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	f, err := files.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	return data, nil
}

// WriteFile writes a small file, creating the directories above it.
func (c *Conn) WriteFile(name string, data []byte) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	if err := files.MkdirAll(path.Dir(name)); err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, path.Dir(name), err)
	}
	f, err := files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, name, err)
	}
	// Concurrent writes: a manifest is hundreds of kilobytes, and one packet
	// per round trip is slow far away.
	_, err = f.ReadFromWithConcurrency(bytes.NewReader(data), 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: cannot write %s: %w", c.name, name, err)
	}
	return nil
}
