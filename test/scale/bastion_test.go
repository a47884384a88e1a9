package scale

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/apxr/slipway/test/lab/labtest"
)

// bastion is OpenSSH's own sshd with its own MaxStartups, 10:30:100.
type bastion struct {
	addr, known string
	log         *lockedBuffer
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

func (l *lockedBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

const sshdPath = "/usr/sbin/sshd"

func newBastion(w *scene) *bastion {
	w.Helper()
	if _, err := os.Stat(sshdPath); err != nil {
		labtest.CannotRun(w, fmt.Errorf("needs openssh-server: %w", err))
	}
	w.Must(os.MkdirAll("/run/sshd", 0o755)) // systemd makes it only when it starts sshd
	dir := w.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.Must(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	w.Must(err)
	key, err := ssh.NewPublicKey(public)
	w.Must(err)
	b := &bastion{addr: freeAddr(w), log: &lockedBuffer{}}
	_, port, err := net.SplitHostPort(b.addr)
	w.Must(err)
	b.known = fmt.Sprintf("[127.0.0.1]:%s %s", port, ssh.MarshalAuthorizedKey(key))
	config := fmt.Sprintf("ListenAddress %s\nHostKey %[2]s/host_key\nAuthorizedKeysFile %[2]s/authorized_keys\n"+
		"PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nLogLevel VERBOSE\n", b.addr, dir)
	for name, data := range map[string][]byte{
		"host_key": pem.EncodeToMemory(block), "authorized_keys": w.fleet.AuthorizedKey(), "sshd_config": []byte(config),
	} {
		w.Must(os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	b.start(w, filepath.Join(dir, "sshd_config"))
	return b
}

func (b *bastion) start(w *scene, config string) {
	w.Helper()
	cmd := exec.Command(sshdPath, "-D", "-e", "-f", config)
	cmd.Stderr, cmd.WaitDelay = b.log, time.Second
	w.Must(cmd.Start())
	w.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 200 {
		if b.log.count("Server listening") > 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.Fatal("sshd does not listen")
}

func freeAddr(w *scene) string {
	w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.Must(err)
	defer l.Close()
	return l.Addr().String()
}

// tell prints what the bastion saw, and how often Slipway tried again.
func (b *bastion) tell(w *scene, fs ...figures) {
	w.Helper()
	again := 0
	for _, f := range fs {
		again += f.count("tries again")
	}
	w.Logf("  bastion: %d connections, %d logins, %d dropped by MaxStartups; tried again %d times",
		b.log.count("Connection from"), b.log.count("Accepted publickey"), b.log.count("drop connection"), again)
}

func (f figures) count(text string) (n int) {
	for _, l := range f.log {
		n += strings.Count(l.text, text)
	}
	return n
}

// One login on the bastion is enough for all hosts behind it.
func TestAFleetThroughOneBastion(t *testing.T) {
	const behind = usual
	w := newScene(t, behind)
	b := newBastion(w)
	w.settings = []string{"SLIPWAY_MAX_PARALLEL=20", "SLIPWAY_JUMP_HOSTS=root@" + b.addr, "SLIPWAY_VERBOSE=1"}
	env := w.env(w.knownHosts(b.known))
	id := w.artifact(1, 20_000)
	// Only the connections are of interest again.
	for n, args := range [][]string{{"deploy", "--release-id", string(id)}, {"releases"}, {"releases"}} {
		f := w.run(env, args...)
		w.tell(args[0]+" through a bastion", f, behind)
		b.tell(w, f)
		w.ok(f)
		if f.seen.Accepted != behind || f.seen.LoggedIn != behind {
			t.Errorf("%d connections and %d logins, want one for each of %d hosts", f.seen.Accepted, f.seen.LoggedIn, behind)
		}
		if got := b.log.count("Accepted publickey"); got != n+1 {
			t.Errorf("%d logins on the bastion in %d runs", got, n+1)
		}
	}
	w.runs(id)
}
