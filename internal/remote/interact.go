package remote

import (
	"context"
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
	session, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	if err := c.askForTerminal(ctx, session, t); err != nil {
		return err
	}
	go resize(ctx, session, t.Resized)
	return c.run(ctx, session, command, t.In, t.Out, t.Out)
}

// askForTerminal requests a terminal. It stops waiting for a silent peer when
// ctx ends.
func (c *Conn) askForTerminal(ctx context.Context, session *ssh.Session, t Terminal) error {
	granted := make(chan error, 1)
	go func() { granted <- session.RequestPty(t.Name, t.Size.Height, t.Size.Width, modes) }()
	select {
	case err := <-granted:
		if err == nil {
			return nil
		}
		if c.notice(); c.ended() {
			return &LostError{c.name, err}
		}
		return fmt.Errorf("%s: its sshd gives this user no terminal: allow it (PermitTTY in sshd_config; no-pty or restrict in authorized_keys)", c.name)
	case <-ctx.Done():
		return reason(ctx)
	}
}

// modes are the usual settings of a terminal.
var modes = ssh.TerminalModes{ssh.ECHO: 1, ssh.IUTF8: 1, ssh.TTY_OP_ISPEED: 38400, ssh.TTY_OP_OSPEED: 38400}

// resize passes new sizes on. It fails only when the session is ending, so it
// just returns.
func resize(ctx context.Context, session *ssh.Session, sizes <-chan Size) {
	for {
		select {
		case size := <-sizes:
			if session.WindowChange(size.Height, size.Width) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
