// Package local reaches the machine that this process runs on, without SSH: it
// runs commands with streams, lends them an SSH agent, reads and writes small
// files, and opens TCP connections, all as a connection over SSH would.
//
// It does not know what Slipway runs on a machine or why, and no command sees
// the environment of this process, which on a runner is full of secrets.
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
	env  []string // of the commands, all of it

	linger time.Duration
}

// linger is how long output is waited for when the command has ended and
// something that it started still holds the pipe. Over SSH that would be for as
// long as it does; nobody could end it here, as closing the connection does
// there.
const linger = 5 * time.Second

// New takes from the environment what an SSH login has too, and nothing else.
func New(getenv func(string) string) *Machine {
	me, err := user.Current()
	if err != nil {
		me = &user.User{} // HOME and USER say it, or "/" and nobody's name have to do
	}
	return &Machine{home: home(getenv, me), env: environment(getenv, me), linger: linger}
}

// Name is what the machine is called in messages.
func (m *Machine) Name() string { return name }

// Close does nothing: there is no connection to end.
func (m *Machine) Close() error { return nil }

// Lost is false: there is no connection that could be lost.
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
