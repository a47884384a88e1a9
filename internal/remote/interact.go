package remote

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// Size is the size of a terminal in characters.
type Size struct{ Width, Height int }

// Terminal is a user's own terminal. It must pass every key on unchanged: the
// far side decides what a key means.
type Terminal struct {
	Name    string // TERM
	Size    Size
	Resized <-chan Size // receives each new size
	In      io.Reader
	Out     io.Writer
}

// Interact runs a command line in the user's login shell on a terminal of its
// own on the machine, and waits until it has ended. When ctx or the connection
// ends first, that terminal hangs up, which ends what runs on it.
func (c *Conn) Interact(ctx context.Context, command string, t Terminal) error {
	ctx, done := c.while(ctx)
	defer done()
	s, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.askForTerminal(ctx, s, t); err != nil {
		return err
	}
	go resize(ctx, s, t.Resized)
	return c.run(ctx, s, command, t.In, t.Out, t.Out)
}

// askForTerminal requests a terminal (RFC 4254, section 6.2).
func (c *Conn) askForTerminal(ctx context.Context, s *session, t Terminal) error {
	size := t.Size.dimensions()
	err := s.request(ctx, "pty-req", struct {
		Name                                     string
		Columns, Rows, WidthPixels, HeightPixels uint32
		Modes                                    string
	}{t.Name, size.Columns, size.Rows, size.WidthPixels, size.HeightPixels, modes})
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case !errors.Is(err, errDenied):
		c.notice()
		return &LostError{c.name, err}
	}
	return fmt.Errorf("%s: its sshd gives this user no terminal: allow it (PermitTTY in sshd_config; no-pty or restrict in authorized_keys)", c.name)
}

// dimensions is a terminal's size as SSH sends it.
type dimensions struct{ Columns, Rows, WidthPixels, HeightPixels uint32 }

func (s Size) dimensions() dimensions {
	return dimensions{Columns: uint32(s.Width), Rows: uint32(s.Height)}
}

// modes are the usual settings of a terminal (RFC 4254, section 8): ECHO and
// IUTF8 are on, and the speeds are 38400.
const modes = "\x35\x00\x00\x00\x01" + "\x2a\x00\x00\x00\x01" + "\x80\x00\x00\x96\x00" + "\x81\x00\x00\x96\x00" + "\x00"

// resize passes new sizes on (RFC 4254, section 6.7). It fails only when the
// session is ending, so it just returns.
func resize(ctx context.Context, s *session, sizes <-chan Size) {
	for {
		select {
		case size := <-sizes:
			if _, err := s.SendRequest("window-change", false, ssh.Marshal(size.dimensions())); err != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
