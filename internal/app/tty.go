package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/terminal"
)

// tty is a person's terminal.
type tty struct {
	name    string
	in, out *os.File
}

func (i inside) tty() (tty, error) {
	in, _ := i.Stdin.(*os.File)
	out, _ := i.bare.Stdout.(*os.File)
	if in == nil || !terminal.Is(in) || !terminal.Is(out) {
		return tty{}, errors.New("a console needs a terminal, as stdin and as stdout: from a script, use slipway rpc or slipway eval")
	}
	return tty{cmp.Or(i.Getenv("TERM"), "dumb"), in, out}, nil
}

func (i inside) console(ctx context.Context, host insideMachine, command string, t tty) error {
	if machine, ok := host.(*local.Machine); ok {
		return machine.Interact(ctx, command, t.name, t.in, t.out)
	}
	return i.remoteConsole(ctx, host.(*remote.Conn), command, t)
}

// remoteConsole passes the terminal to the host and always restores it at the
// end.
func (i inside) remoteConsole(ctx context.Context, conn *remote.Conn, command string, t tty) (err error) {
	ctx, done := context.WithCancel(ctx)
	defer done()
	width, height, err := terminal.Size(t.out)
	if err != nil {
		return err
	}
	sizes := make(chan remote.Size, 1)
	terminal.Resized(ctx, func() {
		if width, height, err := terminal.Size(t.out); err == nil { // a closed terminal has no size
			select {
			case sizes <- remote.Size{Width: width, Height: height}:
			case <-ctx.Done():
			}
		}
	})
	restore, err := terminal.Raw(t.in)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, restore())
		fmt.Fprintln(i.Stderr) // later output starts on a new line
	}()
	return conn.Interact(ctx, command, remote.Terminal{Name: t.name, Size: remote.Size{Width: width, Height: height}, Resized: sizes, In: t.in, Out: t.out})
}
