package remote

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshd is OpenSSH's, as the user who runs the tests. It skips where there is
// none: installing one is the lab's, which root may not be here to boot.
func sshd(t *testing.T, options ...string) *Conn {
	t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("needs OpenSSH's sshd (apt install openssh-server)")
	}
	me, err := user.Current()
	must(t, err)
	config, target := sshdConfig(t, me.Username, options)
	if out, err := exec.Command(program, "-t", "-f", config).CombinedOutput(); err != nil {
		if strings.Contains(strings.ToLower(string(out)), "privilege separation") {
			t.Skipf("sshd was never started on this machine: %s", out) // root needs /run/sshd and a user sshd
		}
		t.Fatalf("%v\n%s", err, out)
	}
	startSSHD(t, program, config)
	c, err := Dial(t.Context(), "web1", target, auth(t, userKey(), line(target, hostKey())))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func sshdConfig(t *testing.T, login string, options []string) (string, Target) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	must(t, l.Close())
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "host"), pemOf(hostKey()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(signer(userKey()).PublicKey()), 0o600))
	config := append([]string{
		"ListenAddress 127.0.0.1:" + port, "HostKey " + dir + "/host", "AuthorizedKeysFile " + dir + "/authorized",
		"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "PermitRootLogin prohibit-password",
	}, options...)
	must(t, os.WriteFile(filepath.Join(dir, "config"), []byte(strings.Join(config, "\n")+"\n"), 0o600))
	return filepath.Join(dir, "config"), Target{login, "127.0.0.1", port}
}

func startSSHD(t *testing.T, program, config string) {
	t.Helper()
	cmd := exec.Command(program, "-D", "-e", "-f", config)
	log, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	listening := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "Server listening") {
				listening <- true
			}
		}
		close(listening)
	}()
	select {
	case ok := <-listening:
		if !ok {
			t.Fatal("sshd ended at once")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("sshd does not listen")
	}
}

func output(ctx context.Context, c interface {
	Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error
}, command string) (string, error) {
	var out strings.Builder
	err := c.Exec(ctx, command, strings.NewReader(""), &out, &out)
	return out.String(), err
}

// Not parallel: a process that is being started holds for a moment the
// listeners that other tests have closed.
func TestOpenSSHForwardsTheDeployKeysAndNoOthers(t *testing.T) {
	quiet(t)
	c := sshd(t)
	with := c.WithAgent(keyring(t))
	var want []string
	for i, private := range []any{userKey(), rsaKey(), otherKey()} {
		want = append(want, ssh.FingerprintSHA256(signer(private).PublicKey())+" "+deployKeys()[i].Repository)
	}
	var all sync.WaitGroup
	for range 5 { // at the same time
		all.Go(func() {
			out, err := output(t.Context(), with, "ssh-add -l | cut -d' ' -f2,3")
			if got := strings.Split(strings.TrimSpace(out), "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, want %q; %v", got, want, err)
			}
		})
	}
	all.Wait()
	if out, err := output(t.Context(), with, "ssh-add -D"); err == nil {
		t.Errorf("the keys can be removed: %s", out)
	}
	if out, err := output(t.Context(), c, "ssh-add -l"); err == nil {
		t.Errorf("without the agent: %s", out)
	}
	for i := range want { // and one after the other
		public := filepath.Join(t.TempDir(), "key.pub")
		command := fmt.Sprintf("ssh-add -L | sed -n %dp >%s && ssh-add -T %s", i+1, public, public)
		if out, err := output(t.Context(), with, command); err != nil {
			t.Errorf("%s does not sign: %v %s", want[i], err, out)
		}
	}
}

func TestOpenSSHThatForwardsNoAgentsIsNamed(t *testing.T) {
	c := sshd(t, "AllowAgentForwarding no")
	for range 2 {
		_, err := output(t.Context(), c.WithAgent(keyring(t)), "ssh-add -l")
		wantError(t, err, "web1: sshd refuses", "AllowAgentForwarding yes")
	}
}
