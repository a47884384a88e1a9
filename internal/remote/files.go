package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// files opens SFTP for one file. An idle one would take a place from the sessions
// that sshd allows (MaxSessions).
func (c *Conn) files() (*sftp.Client, error) {
	files, err := sftp.NewClient(c.client)
	// sshd takes a moment to notice that another session has ended.
	for try := 1; err != nil && errors.As(err, new(*ssh.OpenChannelError)) && try < tries && !c.lost(); try++ {
		time.Sleep(maxPause)
		files, err = sftp.NewClient(c.client)
	}
	if refused := (*ssh.OpenChannelError)(nil); errors.As(err, &refused) {
		return nil, &NoSessionError{c.name, err}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: no SFTP (sshd needs 'Subsystem sftp'): %w", c.name, err)
	}
	c.trace.say("SFTP is open")
	return files, nil
}

// maxFile bounds what ReadFile accepts from a misbehaving server.
const maxFile = 64 << 20

// ReadFile reads a small file. A relative name is relative to the user's home
// directory. When ctx ends first, ReadFile returns its error.
func (c *Conn) ReadFile(ctx context.Context, name string) ([]byte, error) {
	return await(ctx, c, name, func() ([]byte, error) { return c.readFile(ctx, name) })
}

// WriteFile writes a small file and creates its parent directories. When ctx ends
// first, WriteFile returns its error, and a part of the file may have been
// written.
func (c *Conn) WriteFile(ctx context.Context, name string, data []byte) error {
	data = slices.Clone(data) // an abandoned write may still read it
	_, err := await(ctx, c, name, func() (any, error) { return nil, c.writeFile(ctx, name, data) })
	return err
}

// await abandons an operation when ctx ends. With a silent peer, the operation
// itself ends only when the connection does.
func await[T any](ctx context.Context, c *Conn, name string, operation func() (T, error)) (T, error) {
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	type outcome struct {
		value T
		err   error
	}
	ctx, stop := c.while(ctx)
	defer stop()
	done := make(chan outcome, 1)
	go func() {
		value, err := operation()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return zero, fmt.Errorf("%s: %s: %w", c.name, name, reason(ctx))
	}
}

// until is a reader that fails once its context has ended, so that an abandoned
// operation does not go on when the peer comes back.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

func (c *Conn) readFile(ctx context.Context, name string) ([]byte, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	defer files.Close()
	f, err := files.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(until{ctx, f}, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
	}
	return data, nil
}

func (c *Conn) writeFile(ctx context.Context, name string, data []byte) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	defer files.Close()
	if err := files.MkdirAll(path.Dir(name)); err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, path.Dir(name), err)
	}
	if err := ctx.Err(); err != nil {
		return err // before OpenFile empties an existing file
	}
	f, err := files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("%s: cannot create %s: %w", c.name, name, err)
	}
	// Write concurrently: a manifest has hundreds of kilobytes, and one packet
	// per round trip is slow over a long distance.
	_, err = f.ReadFromWithConcurrency(until{ctx, bytes.NewReader(data)}, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: cannot write %s: %w", c.name, name, err)
	}
	return nil
}
