package remote

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshd is an OpenSSH server on loopback that logs in the user who runs the tests.
type sshd struct {
	Target
	dir string
	log *lockedBuffer
	cmd *exec.Cmd
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startSSHD runs an sshd that has hostKey and lets userKey in. The options precede
// its own sshd_config: the first line that sets an option wins.
func startSSHD(t *testing.T, options ...string) *sshd {
	t.Helper()
	path := "/usr/sbin/sshd"
	if _, err := os.Stat(path); err != nil {
		const why = "needs openssh-server: make test installs it"
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	if os.Geteuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755)) // systemd creates it only when it starts sshd
	}
	s := &sshd{dir: t.TempDir(), log: &lockedBuffer{}}
	s.write(t, "host_key", pemOf(hostKey()))
	s.write(t, "authorized_keys", ssh.MarshalAuthorizedKey(signer(userKey()).PublicKey()))
	config := append(options, "HostKey "+s.file("host_key"), "AuthorizedKeysFile "+s.file("authorized_keys"),
		"PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "Subsystem sftp internal-sftp", "LogLevel VERBOSE")
	s.Target = Target{check(user.Current()).Username, "127.0.0.1", freePort(t)}
	config = append(config, "ListenAddress 127.0.0.1:"+s.Port)
	s.write(t, "sshd_config", []byte(strings.Join(config, "\n")+"\n"))
	s.cmd = exec.Command(path, "-D", "-e", "-f", s.file("sshd_config"))
	s.cmd.Stderr = s.log
	s.cmd.WaitDelay = time.Second // remaining sessions hold its output open
	must(t, s.cmd.Start())
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", s.log)
		}
	})
	for range 200 {
		if strings.Contains(s.log.String(), "Server listening") {
			return s
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("sshd does not listen: %s", s.log)
	return nil
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return port
}

func (s *sshd) file(name string) string { return filepath.Join(s.dir, name) }

func (s *sshd) write(t *testing.T, name string, data []byte) {
	t.Helper()
	must(t, os.WriteFile(s.file(name), data, 0o600))
}

// known returns the line of known_hosts for this sshd.
func (s *sshd) known() string { return line(s.Target, hostKey()) }

func (s *sshd) auth(t *testing.T) *Auth {
	t.Helper()
	return auth(t, userKey(), s.known())
}

func (s *sshd) allow(t *testing.T, lines ...string) {
	t.Helper()
	s.write(t, "authorized_keys", []byte(strings.Join(lines, "\n")+"\n"))
}

// logIn logs in with these credentials and runs a command.
func (s *sshd) logIn(t *testing.T, c Credentials) error {
	t.Helper()
	if c.KnownHosts == nil {
		c.KnownHosts = []byte(s.known())
	}
	a, err := NewAuth(c)
	if err != nil {
		return err
	}
	defer a.Close()
	conn, err := dial(t.Context(), s.Target, a)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)
}

// keygen runs ssh-keygen in a directory of its own.
func keygen(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("ssh-keygen", append([]string{"-q"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen %q: %v: %s", args, err, out)
	}
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	must(t, err)
	return data
}
