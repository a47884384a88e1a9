// Package local reaches the machine that this process runs on, without SSH. It
// runs commands with streams, lends them an SSH agent, reads and writes small
// files, and opens TCP connections, just as package remote does over SSH.
//
// The package does not know what Slipway runs on a machine or why. No command
// sees the environment of this process, which on a runner is full of secrets.
package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/user"
	"syscall"
	"time"
)

const name = "local"

// Machine is this machine. It is safe for use by several goroutines.
type Machine struct {
	home string
	env  []string // the whole environment of the commands

	linger time.Duration
}

// linger is how long to wait for more output after the command has ended, while a
// process that it started still holds the pipe. Package remote does the same.
const linger = 2 * time.Second

// New returns this machine. From the environment it takes only the variables that
// an SSH login has too.
func New(getenv func(string) string) *Machine {
	me, err := user.Current()
	if err != nil {
		me = &user.User{} // rely on HOME and USER; without them, on "/" and no name
	}
	return &Machine{home: home(getenv, me), env: environment(getenv, me), linger: linger}
}

// Name returns the machine's name in messages.
func (m *Machine) Name() string { return name }

// Close does nothing: there is no connection to end.
func (m *Machine) Close() error { return nil }

// Lost returns false: there is no connection to lose.
func (m *Machine) Lost() bool { return false }

// DialContext opens a connection from this machine to addr.
func (m *Machine) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, addr)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%s: nothing accepts connections on %s", name, addr)
	}
	return conn, err
}
