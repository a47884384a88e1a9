package remote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// serveAgent serves an agent to OpenSSH and returns its socket.
func serveAgent(t *testing.T, a agent.Agent) string {
	t.Helper()
	dir := check(os.MkdirTemp("", "la"))
	t.Cleanup(func() { os.RemoveAll(dir) })
	l := check(net.Listen("unix", filepath.Join(dir, "s")))
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(a, conn)
		}
	}()
	return filepath.Join(dir, "s")
}

// OpenSSH's own client logs in with each kind of key that the agent may have.
func TestOpenSSHLogsInByTheLoginAgent(t *testing.T) {
	keys := map[string]any{
		"ed25519": ed25519Key(), "rsa": check(rsa.GenerateKey(rand.Reader, 2048)), "ecdsa": check(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
	}
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startSSHD(t)
			s.write(t, "authorized_keys", ssh.MarshalAuthorizedKey(signer(key).PublicKey()))
			a := check(NewAuth(Credentials{Key: pemOf(key), KnownHosts: []byte(line(s.Target, hostKey()))}))
			s.logsIn(t, a)
		})
	}
	for _, name := range []string{"user", "rsa"} {
		t.Run("certificate of "+name, func(t *testing.T) {
			t.Parallel()
			ca := authority(t)
			s := startSSHD(t, "TrustedUserCAKeys "+filepath.Join(ca, "ca.pub"))
			s.allow(t) // only a certificate lets anyone in
			certificate := certify(t, ca, "-n", s.User, name+".pub")
			a := check(NewAuth(Credentials{Key: read(t, ca, name), Certificate: certificate, KnownHosts: []byte(line(s.Target, hostKey()))}))
			s.logsIn(t, a)
		})
	}
	t.Run("agent", func(t *testing.T) {
		t.Parallel()
		s := startSSHD(t)
		keyring := agent.NewKeyring()
		must(t, keyring.Add(agent.AddedKey{PrivateKey: userKey()}))
		a := check(NewAuth(Credentials{Agent: serveAgent(t, keyring), KnownHosts: []byte(line(s.Target, hostKey()))}))
		t.Cleanup(func() { a.Close() })
		s.logsIn(t, a)
	})
}

func (s *sshd) logsIn(t *testing.T, a *Auth) {
	t.Helper()
	cmd := exec.Command("ssh", "-F", "/dev/null", "-p", s.Port, "-l", s.User, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "IdentityFile=none", "-o", "BatchMode=yes", "-o", "IdentityAgent="+serveAgent(t, a.Agent()), s.Host, "echo in")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "in\n") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestALoginAgentOnlyListsAndSigns(t *testing.T) {
	a := check(NewAuth(Credentials{Key: pemOf(userKey()), KnownHosts: []byte("web1 " + string(ssh.MarshalAuthorizedKey(signer(hostKey()).PublicKey())))})).Agent()
	if err := a.RemoveAll(); err == nil {
		t.Error("somebody took the key away")
	}
	if err := a.Add(agent.AddedKey{PrivateKey: ed25519Key()}); err == nil {
		t.Error("somebody added a key")
	}
	if _, err := a.Sign(signer(ed25519Key()).PublicKey(), []byte("x")); err == nil {
		t.Error("it signed for a key that it does not hold")
	}
	rsaKey := check(rsa.GenerateKey(rand.Reader, 2048))
	b := check(NewAuth(Credentials{Key: pemOf(rsaKey), KnownHosts: []byte("web1 " + string(ssh.MarshalAuthorizedKey(signer(hostKey()).PublicKey())))})).Agent()
	if signature, err := b.Sign(signer(rsaKey).PublicKey(), []byte("x")); err == nil {
		t.Errorf("it signed by %s", signature.Format)
	}
}
