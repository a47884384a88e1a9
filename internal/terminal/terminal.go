// Package terminal handles the terminal of this process: its size, its raw mode,
// and what may be shown on it.
//
// The package does not know what runs on the terminal.
package terminal

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// Is reports whether a stream is a terminal.
func Is(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Size returns the width and height of a terminal in characters.
func Size(f *os.File) (width, height int, err error) {
	width, height, err = term.GetSize(int(f.Fd()))
	if err != nil {
		err = fmt.Errorf("the terminal's size: %w", err)
	}
	return width, height, err
}

// Raw makes a terminal pass on every key unchanged, and show its input unchanged.
// The function restore undoes that.
func Raw(f *os.File) (restore func() error, err error) {
	before, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return nil, fmt.Errorf("the terminal's raw mode: %w", err)
	}
	return func() error {
		if err := term.Restore(int(f.Fd()), before); err != nil {
			return fmt.Errorf("the terminal cannot be restored: type 'reset': %w", err)
		}
		return nil
	}, nil
}

// Resized calls tell after each change of the size, until ctx ends.
func Resized(ctx context.Context, tell func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		defer signal.Stop(changes)
		for {
			select {
			case <-changes:
				tell()
			case <-ctx.Done():
				return
			}
		}
	}()
}
