package remote

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func run(t *testing.T, c interface {
	Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error
}, command string,
) error {
	return c.Exec(t.Context(), command, strings.NewReader(""), io.Discard, io.Discard)
}

// command returns a server that runs this function for every command.
func command(body func(s *server)) *server {
	var s *server
	s = newServer(func(_ string, ch ssh.Channel) { body(s); exit(ch, 0) }, hostKey())
	return s
}

func TestACommandUsesTheAgentThatItIsLent(t *testing.T) {
	quiet(t)
	s := command(func(s *server) {
		a, _, err := s.openAgent()
		if err != nil {
			t.Error(err)
			return
		}
		signsAndNothingElse(t, a)
	})
	for name, a := range map[string]agent.Agent{"deploy keys": keyring(t), "an agent that could do more": fullAgent(t)} {
		must(t, run(t, connect(t, s).WithAgent(a), "git fetch"))
		if s.requests() != 1 {
			t.Errorf("%s: %d requests", name, s.requests())
		}
	}
}

func TestACommandWithAnAgentBehavesLikeAnyOther(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]agent.Agent{"with one": keyring(t), "with none": nil} {
		s := newServer(shell, hostKey())
		c := connect(t, s).WithAgent(a)
		var out, errs strings.Builder
		must(t, c.Exec(t.Context(), "cat", strings.NewReader("input"), &out, &errs))
		if out.String() != "input" || errs.String() != "to stderr" {
			t.Errorf("%s: %q, %q", name, &out, &errs)
		}
		if exit, ok := errors.AsType[*ExitError](run(t, c, "exit 7")); !ok || exit.Status != 7 {
			t.Errorf("%s: %v", name, exit)
		}
		if asked := s.requests() > 0; asked != (a != nil) {
			t.Errorf("%s: %d requests", name, s.requests())
		}
	}
}

func wantNoAgent(t *testing.T, s *server) {
	t.Helper()
	_, _, err := s.openAgent()
	if _, ok := errors.AsType[*ssh.OpenChannelError](err); !ok {
		t.Errorf("the agent is available: %v", err)
	}
}

func TestAnAgentIsOnlyThereWhileItsCommandRuns(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	c := connect(t, s)
	must(t, run(t, c, "exit 0"))
	wantNoAgent(t, s)
	if s.requests() != 0 {
		t.Error("a plain command asks for the agent")
	}
	must(t, run(t, c.WithAgent(keyring(t)), "exit 0"))
	wantNoAgent(t, s)
	must(t, run(t, c, "exit 0"))
	if s.requests() != 1 {
		t.Error("a plain command asks for the agent")
	}
}

// The agent is available until the last of several commands has ended, although
// OpenSSH grants only the first request.
func TestCommandsShareAnAgent(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	c := connect(t, s)
	a := keyring(t)
	for range 3 {
		var all sync.WaitGroup
		var inputs []io.Closer
		for range 5 {
			in, w := io.Pipe()
			all.Go(func() {
				defer in.Close() // a command that did not start must not keep the writer
				if err := c.WithAgent(a).Exec(t.Context(), "cat", in, io.Discard, io.Discard); err != nil {
					t.Error(err)
				}
			})
			io.WriteString(w, "x") // returns when the command runs
			inputs = append(inputs, w)
		}
		for _, w := range inputs[1:] {
			must(t, w.Close())
		}
		client, _, err := s.openAgent()
		must(t, err)
		if keys, err := client.List(); len(keys) != 3 {
			t.Errorf("%v, %v", keys, err)
		}
		must(t, inputs[0].Close())
		all.Wait()
		wantNoAgent(t, s)
	}
	if s.requests() != 15 {
		t.Errorf("%d requests", s.requests())
	}
}

func TestAChannelEndsWithTheLastCommand(t *testing.T) {
	t.Parallel()
	var left agent.ExtendedAgent
	s := command(func(s *server) { left, _, _ = s.openAgent(); left.List() })
	must(t, run(t, connect(t, s).WithAgent(keyring(t)), "git fetch &"))
	if keys, err := left.List(); err == nil {
		t.Errorf("a process that a command left behind has the agent: %v", keys)
	}
}

func TestTheAgentIsTakenBackWithTheContext(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	c := connect(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	in, w := io.Pipe()
	defer w.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.WithAgent(keyring(t)).Exec(ctx, "cat", in, io.Discard, io.Discard) }()
	io.WriteString(w, "x")
	client, _, err := s.openAgent()
	must(t, err)
	check(client.List())
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantNoAgent(t, s)
	if _, err := client.List(); err == nil {
		t.Error("an open channel has the agent")
	}
}

func TestOneAgentAtATime(t *testing.T) {
	t.Parallel()
	s := newServer(shell, hostKey())
	c := connect(t, s)
	in, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		defer in.Close()
		ended <- c.WithAgent(keyring(t)).Exec(t.Context(), "cat", in, io.Discard, io.Discard)
	}()
	io.WriteString(w, "x")
	wantError(t, run(t, c.WithAgent(agent.NewKeyring()), "exit 0"), "web1: another SSH agent")
	must(t, w.Close())
	must(t, <-ended)
	must(t, run(t, c.WithAgent(agent.NewKeyring()), "exit 0"))
}

func TestAServerThatForwardsNoAgentsIsNamed(t *testing.T) {
	t.Parallel()
	s := command(func(*server) { t.Error("the command ran without its agent") })
	s.refuseAgent = true
	c := connect(t, s)
	for range 2 {
		wantError(t, run(t, c.WithAgent(keyring(t)), "git fetch"), "web1: sshd refuses", "deploy-keys", "forward-agent", "AllowAgentForwarding yes", "git-token", "key of its own")
		wantNoAgent(t, s)
	}
}

func TestAConnectionThatIsClosedForwardsNothing(t *testing.T) {
	t.Parallel()
	c := connect(t, newServer(shell, hostKey()))
	must(t, c.Close())
	wantError(t, run(t, c.WithAgent(keyring(t)), "exit 0"), "web1: the connection was lost")
}
