package local

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"
)

func keyring(t *testing.T) agent.Agent {
	t.Helper()
	a := agent.NewKeyring()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	must(t, a.Add(agent.AddedKey{PrivateKey: key, Comment: "deploy"}))
	return a
}

// uses runs a command that prints where its agent is, and calls body while the
// command runs.
func uses(t *testing.T, ctx context.Context, m *AgentMachine, body func(socket string)) error {
	t.Helper()
	in, w := io.Pipe()
	r, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := m.Exec(ctx, `echo "$SSH_AUTH_SOCK"; cat`, in, out, io.Discard)
		out.CloseWithError(io.EOF)
		ended <- err
	}()
	path := make([]byte, 200)
	n, err := r.Read(path)
	must(t, err)
	go io.Copy(io.Discard, r)
	body(strings.TrimSpace(string(path[:n])))
	must(t, w.Close())
	return <-ended
}

func TestACommandUsesTheAgentWhileItRuns(t *testing.T) {
	t.Parallel()
	m := machine(t)
	a := keyring(t)
	var socket string
	var left agent.Agent
	must(t, uses(t, t.Context(), m.WithAgent(a), func(path string) {
		socket = path
		info, err := os.Stat(filepath.Dir(path))
		must(t, err)
		if info.Mode().Perm() != 0o700 {
			t.Errorf("others may enter: %s", info.Mode())
		}
		must(t, uses(t, t.Context(), m.WithAgent(a), func(other string) {
			if other == path {
				t.Error("two commands share a socket")
			}
		}))
		conn, err := net.Dial("unix", path)
		must(t, err)
		t.Cleanup(func() { conn.Close() })
		left = agent.NewClient(conn)
		keys, err := left.List()
		if err != nil || len(keys) != 1 || keys[0].Comment != "deploy" {
			t.Fatalf("%v, %v", keys, err)
		}
		signature, err := left.Sign(keys[0], []byte("data"))
		must(t, err)
		must(t, keys[0].Verify([]byte("data"), signature))
	}))
	wantGone(t, socket, left)
}

func wantGone(t *testing.T, socket string, left agent.Agent) {
	t.Helper()
	if _, err := os.Stat(filepath.Dir(socket)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if keys, err := left.List(); err == nil {
		t.Errorf("a process that the command left behind has the agent: %v", keys)
	}
}

func TestTheAgentIsTakenBackWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var socket string
	var left agent.Agent
	err := uses(t, ctx, machine(t).WithAgent(keyring(t)), func(path string) {
		conn, err := net.Dial("unix", path)
		must(t, err)
		t.Cleanup(func() { conn.Close() })
		socket, left = path, agent.NewClient(conn)
		_, err = left.List()
		must(t, err)
		cancel()
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(path); err != nil {
				break
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantGone(t, socket, left)
}

func TestWithoutAnAgentThereIsNoSocket(t *testing.T) {
	t.Parallel()
	m := machine(t)
	must(t, uses(t, t.Context(), m.WithAgent(nil), func(path string) {
		if path != "" {
			t.Errorf("there is %s", path)
		}
	}))
	if socket := output(t, m, `echo "$SSH_AUTH_SOCK"`); socket != "" {
		t.Errorf("a plain command has %s", socket)
	}
}

func TestACommandWithAnAgentBehavesLikeAnyOther(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	err := machine(t).WithAgent(keyring(t)).Exec(t.Context(), "cat; echo oops >&2; exit 7", strings.NewReader("input"), &out, &errs)
	if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Status != 7 || out.String() != "input" || errs.String() != "oops\n" {
		t.Errorf("%v, %q, %q", err, &out, &errs)
	}
}

func TestASocketThatCannotBeIsExplained(t *testing.T) {
	m, long := machine(t), filepath.Join(t.TempDir(), strings.Repeat("x", 120)) // longer than the path of a socket may be
	t.Setenv("TMPDIR", "/nonexistent")
	err := m.WithAgent(keyring(t)).Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)
	wantError(t, err, "local: cannot offer the SSH agent to a command: ", "/nonexistent")
	must(t, os.Mkdir(long, 0o700))
	t.Setenv("TMPDIR", long)
	err = m.WithAgent(keyring(t)).Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)
	wantError(t, err, "local: cannot offer the SSH agent", long)
	if left, _ := os.ReadDir(long); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
