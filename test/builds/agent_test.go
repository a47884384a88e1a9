package builds

import (
	"context"
	"io"
	"log"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apxr/slipway/internal/remote"
)

// OpenSSH's own sshd and ssh-add, with the agent that holds deploy keys.

func (s *site) connect() *remote.Conn {
	s.Helper()
	auth, err := remote.NewAuth(remote.Credentials{Key: []byte(s.Read(s.lab.DeployKeyPath())), KnownHosts: []byte(s.Read(s.lab.KnownHostsPath()))})
	s.Must(err)
	c, err := (&remote.Dialer{Auth: auth}).Dial(s.Context(), "build", remote.Target{User: "deploy", Host: s.host.Addr, Port: "22"})
	s.Must(err)
	s.Cleanup(func() { c.Close() })
	return c
}

type machine interface {
	Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error
}

func (s *site) on(m machine, command string) (string, error) {
	var out strings.Builder
	err := m.Exec(s.Context(), command, strings.NewReader(""), &out, &out)
	return strings.TrimSpace(out.String()), err
}

func TestAnAgentIsLentToSingleCommandsAndOnlySigns(t *testing.T) {
	log.SetOutput(io.Discard) // x/crypto tells of what is refused
	s := newSite(t, "agents")
	var keys []remote.DeployKey
	var want []string
	for _, repository := range []string{"git@h:one", "git@h:two"} {
		private, _ := newKey(s.T)
		keys = append(keys, remote.DeployKey{Repository: repository, PEM: []byte(private)})
		want = append(want, repository)
	}
	keyring, identities, err := remote.NewKeyring(keys)
	s.Must(err)
	c := s.connect()
	with := c.WithAgent(keyring)
	var all sync.WaitGroup
	for range 3 { // at the same time
		all.Go(func() {
			out, err := s.on(with, "ssh-add -l | cut -d' ' -f3")
			if got := strings.Split(out, "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, want %q; %v", got, want, err)
			}
		})
	}
	all.Wait()
	if out, err := s.on(with, "ssh-add -D"); err == nil {
		t.Errorf("the keys can be removed: %s", out)
	}
	if out, err := s.on(c, "ssh-add -l"); err == nil {
		t.Errorf("a command that was lent nothing sees: %s", out)
	}
	if out, err := s.on(with, "f=$(mktemp); echo '"+identities[1].PublicKey+"' >$f; ssh-add -T $f; code=$?; rm $f; exit $code"); err != nil {
		t.Errorf("a key does not sign: %v %s", err, out)
	}
}
