package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// The keys are made once: the tests depend on their types, not on their values.
var (
	userKey    = sync.OnceValue(func() any { return ed25519Key() })
	otherKey   = sync.OnceValue(func() any { return ed25519Key() })
	hostKey    = sync.OnceValue(func() any { return ed25519Key() })
	newHostKey = sync.OnceValue(func() any { return ed25519Key() })
	ecdsaKey   = sync.OnceValue(func() any { return check(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	rsaKey     = sync.OnceValue(func() any { return check(rsa.GenerateKey(rand.Reader, 2048)) })
)

func ed25519Key() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return check(key, err)
}

func check[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func signer(key any) ssh.Signer { return check(ssh.NewSignerFromKey(key)) }

func pemOf(key any) []byte { return pem.EncodeToMemory(check(ssh.MarshalPrivateKey(key, ""))) }

// server is an SSH server in this process. Its function run handles commands.
type server struct {
	config  *ssh.ServerConfig
	run     func(command string, ch ssh.Channel)
	forward func(ssh.NewChannel)

	stuck   bool // answers nothing after a login
	deaf    bool // ignores requests in a session
	noSFTP  bool
	silence <-chan struct{} // once closed, SFTP is answered no more

	refuseAgent bool
	mu          sync.Mutex
	last        *ssh.ServerConn
	asked       int // requests for agent forwarding
}

func newServer(run func(command string, ch ssh.Channel), hostKeys ...any) *server {
	s := &server{run: run, config: &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) != string(signer(userKey()).PublicKey().Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
	}}
	for _, key := range hostKeys {
		s.config.AddHostKey(signer(key))
	}
	return s
}

func (s *server) listen(t *testing.T) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			tcp, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(tcp)
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return Target{User: "deploy", Host: "127.0.0.1", Port: port}
}

func (s *server) serve(tcp net.Conn) {
	defer tcp.Close()
	conn, channels, requests, err := ssh.NewServerConn(tcp, s.config)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.last, s.asked = conn, 0
	s.mu.Unlock()
	go ssh.DiscardRequests(requests)
	for c := range channels {
		switch {
		case s.stuck:
		case c.ChannelType() == "session":
			go s.session(c)
		case s.forward != nil:
			go s.forward(c)
		default:
			c.Reject(ssh.Prohibited, "no forwarding")
		}
	}
}

func (s *server) session(c ssh.NewChannel) {
	ch, requests, err := c.Accept()
	if err != nil {
		return
	}
	for r := range requests {
		if s.deaf {
			continue
		}
		r.Reply((r.Type != "auth-agent-req@openssh.com" || s.grantsAgent()) && (r.Type != "subsystem" || !s.noSFTP), nil)
		name := ""
		if len(r.Payload) > 4 {
			name = string(r.Payload[4:])
		}
		if r.Type == "subsystem" && name == "sftp" {
			files := check(sftp.NewServer(mute{ch, s.silence}))
			go func() { files.Serve(); ch.Close() }()
		} else if r.Type == "exec" {
			go s.run(name, ch)
		}
	}
}

// mute is a channel that stops reading and answering after a while.
type mute struct {
	ssh.Channel
	silence <-chan struct{} // nil: never
}

func (m mute) Write(p []byte) (int, error) {
	select {
	case <-m.silence:
		return len(p), nil
	default:
		return m.Channel.Write(p)
	}
}

// grantsAgent grants agent forwarding once per connection, as OpenSSH does.
func (s *server) grantsAgent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.asked == 1 && !s.refuseAgent
}

func (s *server) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// openAgent opens a channel to the forwarded agent, as a command does by
// SSH_AUTH_SOCK.
func (s *server) openAgent() (agent.ExtendedAgent, ssh.Channel, error) {
	s.mu.Lock()
	conn := s.last
	s.mu.Unlock()
	ch, requests, err := conn.OpenChannel("auth-agent@openssh.com", nil)
	if err != nil {
		return nil, nil, err
	}
	go ssh.DiscardRequests(requests)
	return agent.NewClient(ch), ch, nil
}

func exit(ch ssh.Channel, status uint32) {
	ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	ch.Close()
}

// shell implements a few commands.
func shell(command string, ch ssh.Channel) {
	word, rest, _ := strings.Cut(command, " ")
	switch word {
	case "exit":
		var status uint32
		fmt.Sscan(rest, &status)
		exit(ch, status)
	case "kill":
		ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			CoreDumped bool
			Message    string
			Lang       string
		}{rest, false, "", ""}))
		ch.Close()
	case "vanish":
		ch.Close()
	case "cat":
		io.Copy(ch, ch)
		io.WriteString(ch.Stderr(), "to stderr")
		exit(ch, 0)
	case "yes":
		for {
			if _, err := io.WriteString(ch, "y\n"); err != nil {
				return
			}
		}
	}
}

func line(t Target, key any) string {
	return knownhosts.Line([]string{t.addr()}, signer(key).PublicKey()) + "\n"
}

func auth(t *testing.T, key any, knownHosts string) *Auth {
	t.Helper()
	a, err := NewAuth(Credentials{Key: pemOf(key), KnownHosts: []byte(knownHosts)})
	must(t, err)
	return a
}

// dial connects without jump hosts.
func dial(ctx context.Context, target Target, a *Auth) (*Conn, error) {
	return (&Dialer{Auth: a}).Dial(ctx, "web1", target)
}

func connect(t *testing.T, s *server) *Conn {
	t.Helper()
	target := s.listen(t)
	c, err := dial(t.Context(), target, auth(t, userKey(), line(target, hostKey())))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}
