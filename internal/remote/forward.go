package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// AgentConn is a connection whose commands may use an SSH agent.
type AgentConn struct {
	conn  *Conn
	agent agent.Agent
}

// WithAgent lends an agent to the commands that run through the result, and only
// while one of them runs. The machine may list the keys and have data signed, no
// matter what else the agent can do. With a nil agent the commands get none.
//
// A server does not say for which command it opens a channel to the agent, so one
// connection forwards one agent (compared by ==) at a time. OpenSSH sets
// SSH_AUTH_SOCK for all later commands of the connection too; they find no agent
// there.
func (c *Conn) WithAgent(a agent.Agent) *AgentConn { return &AgentConn{c, a} }

// Exec is like [Conn.Exec], for a command that finds the agent by SSH_AUTH_SOCK.
func (a *AgentConn) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	if a.agent == nil {
		return a.conn.Exec(ctx, command, stdin, stdout, stderr)
	}
	f := &a.conn.forwarding
	f.handle(a.conn.client)
	if err := f.begin(a.agent); err != nil {
		return fmt.Errorf("%s: %w", a.conn.name, err)
	}
	defer f.end()
	ctx, done := a.conn.while(ctx)
	defer done()
	s, err := a.conn.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := f.request(s); err != nil {
		return fmt.Errorf("%s: %w", a.conn.name, err)
	}
	return a.conn.run(ctx, s, command, stdin, stdout, stderr)
}

// forwarding lends an agent over a connection while a command runs that may use
// it.
type forwarding struct {
	once sync.Once

	asking  sync.Mutex
	granted bool

	mu       sync.Mutex
	agent    agent.Agent
	commands int // running commands that may use the agent
	open     map[ssh.Channel]bool
}

// handle serves the connection's channels to an agent. A client hands them out
// once only, so this goes on until the connection ends.
func (f *forwarding) handle(client *ssh.Client) {
	f.once.Do(func() {
		channels := client.HandleChannelOpen("auth-agent@openssh.com")
		go func() {
			for c := range channels {
				go f.serve(c)
			}
		}()
	})
}

func (f *forwarding) begin(a agent.Agent) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.commands > 0 && f.agent != a {
		return errors.New("another SSH agent is being forwarded over this connection: wait until its commands have ended")
	}
	f.agent = a
	f.commands++
	return nil
}

// end takes the agent back when the last command has ended, also from processes
// that the commands left behind.
func (f *forwarding) end() {
	f.mu.Lock()
	var left map[ssh.Channel]bool
	if f.commands--; f.commands == 0 {
		left, f.open, f.agent = f.open, nil, nil
	}
	f.mu.Unlock()
	for channel := range left {
		channel.Close()
	}
}

var errRefused = errors.New("sshd refuses to forward an SSH agent, which deploy-keys and forward-agent need: " +
	"set 'AllowAgentForwarding yes' in the host's sshd_config (DisableForwarding must not be set, and no-agent-forwarding or restrict must not precede the key in authorized_keys), " +
	"or give a git-token instead, or let the build user fetch with a key of its own")

// request asks sshd to forward the agent to a session. OpenSSH grants that once
// per connection; it refuses each later request but serves those sessions too.
// So only the refusal of the first request counts, and requests are made one at
// a time.
func (f *forwarding) request(s *session) error {
	f.asking.Lock()
	defer f.asking.Unlock()
	ok, err := s.SendRequest("auth-agent-req@openssh.com", true, nil)
	f.granted = f.granted || ok
	switch {
	case err != nil:
		return fmt.Errorf("cannot ask for agent forwarding: %w", err)
	case !f.granted:
		return errRefused
	}
	return nil
}

func (f *forwarding) serve(c ssh.NewChannel) {
	if f.lend(nil) == nil {
		c.Reject(ssh.Prohibited, "no command runs that may use an SSH agent")
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	go ssh.DiscardRequests(requests)
	go io.Copy(io.Discard, channel.Stderr())
	// Ask again: the last command may have ended in the meantime.
	if a := f.lend(channel); a != nil {
		agent.ServeAgent(readOnly{a}, channel)
		f.forget(channel)
	}
}

// lend returns the agent, or nil if no command may use it now. It remembers the
// channel so that end can close it.
func (f *forwarding) lend(channel ssh.Channel) agent.Agent {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.agent != nil && channel != nil {
		if f.open == nil {
			f.open = map[ssh.Channel]bool{}
		}
		f.open[channel] = true
	}
	return f.agent
}

func (f *forwarding) forget(channel ssh.Channel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, channel)
}
