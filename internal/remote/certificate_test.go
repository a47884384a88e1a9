package remote

import (
	"bytes"
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// certify signs the public half in file.pub, as the CA's owner does, and returns
// the certificate.
func certify(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	file := args[len(args)-1]
	keygen(t, dir, append([]string{"-s", "ca", "-I", "tests"}, args...)...)
	return read(t, dir, strings.TrimSuffix(file, ".pub")+"-cert.pub")
}

// authority makes a CA, and keys that it can sign.
func authority(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	keygen(t, dir, "-t", "ed25519", "-N", "", "-f", "ca")
	keygen(t, dir, "-t", "ed25519", "-N", "", "-f", "user")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-N", "", "-f", "rsa")
	return dir
}

func TestACertificateLogsIn(t *testing.T) {
	t.Parallel()
	dir := authority(t)
	s := startSSHD(t, "TrustedUserCAKeys "+filepath.Join(dir, "ca.pub"))
	s.allow(t) // only a certificate lets anyone in
	for _, name := range []string{"user", "rsa"} {
		key := read(t, dir, name)
		certificate := certify(t, dir, "-n", s.User, "-V", "-1d:+1d", name+".pub")
		if err := s.logIn(t, Credentials{Key: key, Certificate: certificate}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantError(t, s.logIn(t, Credentials{Key: key}), "is not let in with this key")
		agent := startAgent(t, filepath.Join(dir, "ca"), filepath.Join(dir, name))
		if err := s.logIn(t, Credentials{Agent: agent, Certificate: certificate}); err != nil {
			t.Errorf("%s, from an agent: %v", name, err)
		}
		other := certify(t, dir, "-n", "somebody", name+".pub")
		wantError(t, s.logIn(t, Credentials{Key: key, Certificate: other}), "web1: "+s.User+" is not let in with this certificate",
			"TrustedUserCAKeys", "must be among its principals (somebody)")
	}
}

// startAgent runs OpenSSH's ssh-agent with the keys in these files.
func startAgent(t *testing.T, files ...string) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "agent")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 200 {
		if exec.Command("test", "-S", socket).Run() == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, file := range files {
		add := exec.Command("ssh-add", "-q", file)
		add.Env = []string{"SSH_AUTH_SOCK=" + socket}
		if out, err := add.CombinedOutput(); err != nil {
			t.Fatalf("ssh-add: %v: %s", err, out)
		}
	}
	return socket
}

func TestUnusableCertificatesAreExplained(t *testing.T) {
	t.Parallel()
	dir := authority(t)
	user := read(t, dir, "user")
	good := certify(t, dir, "user.pub")
	rsaCA := signer(rsaKey()).(ssh.MultiAlgorithmSigner)
	for name, c := range map[string]struct {
		key, certificate []byte
		want             string
	}{
		"good":              {user, good, ""},
		"with principals":   {user, certify(t, dir, "-n", "deploy,root", "user.pub"), ""},
		"blanks around":     {user, []byte("\n  " + string(good) + "\r\n"), ""},
		"for ever":          {user, certify(t, dir, "-V", "always:forever", "user.pub"), ""},
		"with options":      {user, certify(t, dir, "-O", "force-command=/bin/true", "-O", "source-address=10.0.0.0/8", "user.pub"), ""},
		"none":              {user, []byte(" \n"), ""},
		"of another key":    {read(t, dir, "ca"), good, "which is not ssh-key"},
		"of a host":         {user, certify(t, dir, "-h", "user.pub"), "this is the certificate of a host"},
		"expired":           {user, certify(t, dir, "-V", "20200101000000Z:20200102000000Z", "user.pub"), "expired at 2020-01-02 00:00:00 UTC"},
		"not valid yet":     {user, certify(t, dir, "-V", "20990101000000Z:20990102000000Z", "user.pub"), "is not valid yet: it begins at 2099-01-01 00:00:00 UTC"},
		"signed with SHA-1": {pemOf(userKey()), signed(t, userKey(), check(ssh.NewSignerWithAlgorithms(rsaCA, []string{ssh.KeyAlgoRSA}))), "is signed with SHA-1"},
		"signed with RSA":   {pemOf(userKey()), signed(t, userKey(), rsaCA), ""},
		"the key":           {user, user, "this is a private key: give it as ssh-key"},
		"the public half":   {user, read(t, dir, "ca.pub"), "this is a public key, not a certificate"},
		"a word":            {user, []byte("x"), "this is not a certificate"},
		"cut off":           {user, good[:len(good)/2], "this is not a certificate"},
		"damaged":           {pemOf(userKey()), damaged(t), "the certificate is damaged"},
	} {
		_, err := NewAuth(Credentials{Key: c.key, Certificate: c.certificate})
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if c.want != "" {
			wantError(t, err, "ssh-certificate: ", c.want)
		}
	}
	agent := startAgent(t, filepath.Join(dir, "rsa"))
	_, err := NewAuth(Credentials{Agent: agent, Certificate: good})
	wantError(t, err, "ssh-certificate: it certifies the key SHA256:", "which is not a key that the SSH agent holds")
}

// signed returns a certificate of a CA with which ssh-keygen refuses to sign.
func signed(t *testing.T, key any, ca ssh.Signer) []byte {
	t.Helper()
	c := &ssh.Certificate{Key: signer(key).PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"deploy"}, ValidBefore: ssh.CertTimeInfinity}
	must(t, c.SignCert(rand.Reader, ca))
	return ssh.MarshalAuthorizedKey(c)
}

func damaged(t *testing.T) []byte {
	t.Helper()
	c := &ssh.Certificate{Key: signer(userKey()).PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"deploy"}, ValidBefore: ssh.CertTimeInfinity}
	must(t, c.SignCert(rand.Reader, signer(otherKey())))
	c.KeyId = "somebody else"
	return ssh.MarshalAuthorizedKey(c)
}

func TestAnAgentLogsInWithoutAKey(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	dir := authority(t)
	socket := startAgent(t, filepath.Join(dir, "user"), filepath.Join(dir, "rsa"))
	for _, name := range []string{"user", "rsa"} {
		s.allow(t, string(read(t, dir, name+".pub")))
		if err := s.logIn(t, Credentials{Agent: socket}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.allow(t)
	wantError(t, s.logIn(t, Credentials{Agent: socket}), "is not let in with any of the 2 keys in the SSH agent")
	// A key that is given takes precedence over the agent.
	s.allow(t, string(read(t, dir, "user.pub")))
	wantError(t, s.logIn(t, Credentials{Agent: socket, Key: read(t, dir, "rsa")}), "is not let in with this key")
	if err := s.logIn(t, Credentials{Agent: "/nonexistent", Key: read(t, dir, "user")}); err != nil {
		t.Error(err)
	}
}

func TestAnAgentThatCannotLogInIsNamed(t *testing.T) {
	t.Parallel()
	for socket, want := range map[string]string{
		"/nonexistent": "no SSH agent answers at SSH_AUTH_SOCK: ",
		startAgent(t):  "cannot use the SSH agent at ",
	} {
		_, err := NewAuth(Credentials{Agent: socket})
		wantError(t, err, "ssh-agent: ", want, "or give ssh-key")
	}
}

func TestAllMistakesComeTogether(t *testing.T) {
	t.Parallel()
	dir := authority(t)
	a, err := NewAuth(Credentials{Key: []byte("x"), Certificate: []byte("y"), KnownHosts: []byte("z\n\nz")})
	wantError(t, err, "ssh-key: ", "\nssh-certificate: ", "\nknown-hosts: line 1: ", "\nknown-hosts: line 3: ")
	if a != nil {
		t.Error("there is a result")
	}
	must(t, a.Close())
	locked := filepath.Join(dir, "locked")
	keygen(t, dir, "-t", "ed25519", "-N", "secret", "-f", locked)
	_, err = NewAuth(Credentials{Key: read(t, locked), Passphrase: []byte("x"), KnownHosts: []byte("z")})
	wantError(t, err, "ssh-passphrase: ", "\nknown-hosts: ")
	if bytes.Contains([]byte(err.Error()), []byte("secret")) {
		t.Error(err)
	}
}
