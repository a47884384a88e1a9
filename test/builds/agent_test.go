package builds

import (
	"context"
	"io"
	"log"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/test/sample"
)

// OpenSSH's own sshd and ssh-add, with the agent that holds deploy keys.

func (w *world) connect() *remote.Conn {
	w.Helper()
	auth, err := remote.NewAuth(remote.Credentials{Key: []byte(read(w.T, w.lab.DeployKeyPath())), KnownHosts: []byte(read(w.T, w.lab.KnownHostsPath()))})
	w.must(err)
	c, err := (&remote.Dialer{Auth: auth}).Dial(w.Context(), "build", remote.Target{User: "deploy", Host: w.host.Addr, Port: "22"})
	w.must(err)
	w.Cleanup(func() { c.Close() })
	return c
}

type machine interface {
	Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error
}

func (w *world) on(m machine, command string) (string, error) {
	var out strings.Builder
	err := m.Exec(w.Context(), command, strings.NewReader(""), &out, &out)
	return strings.TrimSpace(out.String()), err
}

func TestAnAgentIsLentToSingleCommandsAndOnlySigns(t *testing.T) {
	log.SetOutput(io.Discard) // x/crypto tells of what is refused
	w := newWorld(t, "agents")
	var keys []remote.DeployKey
	var want []string
	for _, repository := range []string{"git@h:one", "git@h:two"} {
		private, _ := newKey(t)
		keys = append(keys, remote.DeployKey{Repository: repository, PEM: []byte(private)})
		want = append(want, repository)
	}
	keyring, identities, err := remote.NewKeyring(keys)
	w.must(err)
	c := w.connect()
	with := c.WithAgent(keyring)
	var all sync.WaitGroup
	for range 3 { // at the same time
		all.Go(func() {
			out, err := w.on(with, "ssh-add -l | cut -d' ' -f3")
			if got := strings.Split(out, "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, want %q; %v", got, want, err)
			}
		})
	}
	all.Wait()
	if out, err := w.on(with, "ssh-add -D"); err == nil {
		t.Errorf("the keys can be removed: %s", out)
	}
	if out, err := w.on(c, "ssh-add -l"); err == nil {
		t.Errorf("a command that was lent nothing sees: %s", out)
	}
	if out, err := w.on(with, "f=$(mktemp); echo '"+identities[1].PublicKey+"' >$f; ssh-add -T $f; code=$?; rm $f; exit $code"); err != nil {
		t.Errorf("a key does not sign: %v %s", err, out)
	}
}

func TestAServerThatForwardsNoAgentsIsNamed(t *testing.T) {
	w := newWorld(t, "unforwarded")
	key, public := newKey(t)
	w.publish(sample.Plain(w.app))
	w.onlyDeployKeys(map[string]string{w.app: public})
	w.env["SLIPWAY_DEPLOY_KEYS"] = key
	w.reloadSSHD("echo 'AllowAgentForwarding no' >/etc/ssh/sshd_config.d/agents.conf")
	defer w.reloadSSHD("rm /etc/ssh/sshd_config.d/agents.conf")
	w.refused(1, []string{"AllowAgentForwarding yes", "git-token"})
}

// reloadSSHD changes sshd's settings; for a moment it does not listen.
func (w *world) reloadSSHD(change string) {
	w.Helper()
	w.root(change + " && systemctl reload ssh")
	time.Sleep(200 * time.Millisecond)
	w.waitFor("sshd", "true")
}
