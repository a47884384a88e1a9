package local

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/ssh/agent"
)

// AgentMachine is this machine, for commands that may use an SSH agent.
type AgentMachine struct {
	machine *Machine
	agent   agent.Agent
}

// WithAgent lends an agent to the commands that run through the result, each for
// as long as it runs. The agent itself decides what they may do with it. With a
// nil agent they get none.
func (m *Machine) WithAgent(a agent.Agent) *AgentMachine { return &AgentMachine{m, a} }

// Exec is like [Machine.Exec], for a command that finds the agent by
// SSH_AUTH_SOCK.
func (m *AgentMachine) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	if m.agent == nil {
		return m.machine.Exec(ctx, command, stdin, stdout, stderr)
	}
	s, err := Offer(m.agent)
	if err != nil {
		return fmt.Errorf("%s: cannot offer the SSH agent to a command: %w", name, err)
	}
	defer s.Close()
	return m.machine.exec(ctx, command, []string{"SSH_AUTH_SOCK=" + s.path}, stdin, stdout, stderr)
}

// Socket serves an SSH agent to commands on this machine.
type Socket struct {
	path     string
	agent    agent.Agent
	listener net.Listener

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

// Offer lends an agent to this user's processes that know the socket, until the
// socket is closed.
//
// The socket gets a directory of its own with mode 0700, which keeps other users
// out: not every system honours the mode of a socket, but all honour that of a
// directory.
func Offer(a agent.Agent) (*Socket, error) {
	dir, err := os.MkdirTemp("", "slipway-agent-")
	if err != nil {
		return nil, err
	}
	s := &Socket{path: filepath.Join(dir, "socket"), agent: a, open: map[net.Conn]bool{}}
	s.listener, err = net.Listen("unix", s.path)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	go s.serve()
	return s, nil
}

func (s *Socket) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if s.add(conn) {
			go func() {
				agent.ServeAgent(s.agent, conn)
				s.drop(conn)
			}()
		}
	}
}

func (s *Socket) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close() // the command ended after the connection was accepted
		return false
	}
	s.open[conn] = true
	return true
}

func (s *Socket) drop(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	conn.Close()
}

// Path returns the value for SSH_AUTH_SOCK.
func (s *Socket) Path() string { return s.path }

// Close takes the agent back, also from processes that a command left behind.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.listener.Close()
	for conn := range s.open {
		conn.Close()
	}
	return os.RemoveAll(filepath.Dir(s.path))
}
