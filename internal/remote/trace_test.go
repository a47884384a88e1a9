package remote

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// recorder keeps the lines of a trace.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) trace(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

func TestATraceShowsHowAConnectionIsMade(t *testing.T) {
	t.Parallel()
	dir := authority(t)
	s := startSSHD(t)
	s.allow(t, string(read(t, dir, "rsa.pub")))
	socket := startAgent(t, filepath.Join(dir, "user"), filepath.Join(dir, "rsa"))
	a, err := NewAuth(Credentials{Agent: socket, KnownHosts: []byte("# web\n" + s.known())})
	must(t, err)
	defer a.Close()
	var r recorder
	_, err = (&Dialer{Auth: a, Trace: r.trace}).Dial(t.Context(), "web1", Target{s.User, "localhost", s.Port})
	if err == nil { // the key is declared for the address
		t.Error("another name is trusted")
	}
	c, err := (&Dialer{Auth: a, Trace: r.trace}).Dial(t.Context(), "web1", s.Target)
	must(t, err)
	_, err = c.ReadFile(t.Context(), "/etc/passwd")
	must(t, err)
	must(t, c.Close())
	print := func(name string) string {
		key, _, _, _, err := ssh.ParseAuthorizedKey(read(t, dir, name+".pub"))
		must(t, err)
		return regexp.QuoteMeta(key.Type() + " " + ssh.FingerprintSHA256(key))
	}
	want := []string{
		`web1: connects to localhost:\d+`, `web1: connected to (127\.0\.0\.1|\[::1\]):\d+`,
		`web1: it is SSH-2\.0-OpenSSH_\S+.*`,
		`web1: its host key is ssh-ed25519 SHA256:\S+`,
		`web1: connects to 127\.0\.0\.1:\d+`, `web1: connected to 127\.0\.0\.1:\d+`,
		`web1: it is SSH-2\.0-OpenSSH_\S+.*`,
		`web1: its host key is ssh-ed25519 SHA256:\S+`,
		`web1: the host key is accepted by line 2 of known-hosts`,
		`web1: key exchange \S+, host key ssh-ed25519, cipher \S+, MAC \S+`,
		`web1: the server offers to log in by publickey\S*( .*)?`,
		`web1: offers publickey ` + print("user") + ` as ` + s.User,
		`web1: offers publickey ` + print("rsa") + ` as ` + s.User,
		`web1: the server accepts SHA256:\S+; signs with rsa-sha2-512`,
		`web1: logged in as ` + s.User,
		`web1: SFTP is open`,
	}
	if !regexp.MustCompile("^" + strings.Join(want, "\n") + "$").MatchString(r.text()) {
		t.Errorf("%s\nwant\n%s", r.text(), strings.Join(want, "\n"))
	}
}

func TestATraceOfJumpHostsNamesEach(t *testing.T) {
	t.Parallel()
	jump, target := startSSHD(t), startSSHD(t)
	d := via(t, []*sshd{jump}, target.Target)
	var r recorder
	d.Trace = r.trace
	c, err := d.Dial(t.Context(), "web1", target.Target)
	must(t, err)
	must(t, c.Close())
	name := "jump host " + jump.addr()
	for _, want := range []string{
		name + ": connected to " + jump.addr(), name + ": the host key is accepted by line 1", name + ": logged in as ",
		"web1: connected to " + target.addr() + " through " + name, "web1: the host key is accepted by line 2", "web1: logged in as ",
	} {
		if !strings.Contains(r.text(), want) {
			t.Errorf("%s\ndoes not say %q", r.text(), want)
		}
	}
}

// Some of the text in a trace comes from the peer.
func TestATraceIsOneLineACallWithoutControlCharactersAndKeys(t *testing.T) {
	t.Parallel()
	var r recorder
	good := newServer(shell, hostKey()).listen(t)
	evil := listen(t, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-evil \x1b[31m\u202e\r\n") })
	d := &Dialer{Auth: auth(t, userKey(), line(good, hostKey())), Trace: r.trace}
	c, err := d.Dial(t.Context(), "web1", good)
	must(t, err)
	must(t, c.Close())
	_, err = d.Dial(t.Context(), "web1", evil)
	wantError(t, err, "web1: ")
	for _, line := range r.lines {
		if strings.ContainsAny(line, "\n\r\x1b\u202e") {
			t.Errorf("%q", line)
		}
	}
	if part := repeated(r.text(), pemOf(userKey())); part != "" {
		t.Errorf("the trace has a part of the key: %q", part)
	}
	if !strings.Contains(r.text(), "it is SSH-2.0-evil [31m") {
		t.Error(r.text())
	}
}

func TestATraceShowsALostConnection(t *testing.T) {
	target := Target{"deploy", "web1", "22"}
	a := auth(t, userKey(), line(target, hostKey()))
	s := newServer(shell, hostKey())
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go s.serve(newBuffered(theirs))
		line := &stalling{Conn: newBuffered(ours), closed: make(chan struct{})}
		client, err := (&login{auth: a, target: target}).handshake(t.Context(), line)
		must(t, err)
		var r recorder
		c := newConn(t.Context(), client, tracer{"web1", r.trace})
		time.Sleep(time.Minute)
		if r.text() != "" {
			t.Error(r.text())
		}
		line.stalled.Store(true)
		time.Sleep(31 * time.Second)
		if r.text() != "web1: the connection is lost: no answer to a keepalive" {
			t.Error(r.text())
		}
		must(t, c.Close())
		synctest.Wait()
	})
}
