//go:build full

package hosts

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/apxr/slipway/test/world"
)

// Whatever keeps a run from connecting has its own words, and changes nothing.
func TestHostsThatCannotBeReached(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	cases := append(w.keysThatAreRefused(), w.placesWithoutAnSSHServer()...)
	before := w.State()
	w.sub("all", func(w *webHost) {
		for _, c := range cases {
			w.sub(c.name, func(w *webHost) {
				// Nobody gets as far as the host's lock, and some wait for long.
				w.Parallel()
				if c.code == 0 {
					c.says = append(c.says, "nothing was switched on any host")
				}
				r := w.Slipway(c.words...)
				w.Red(max(c.code, 1), r, c.says...)
				w.silent(r, c.never...)
			})
		}
	})
	w.Same(before)
}

// keysThatAreRefused are keys of a host or of a user that do not fit.
func (w *webHost) keysThatAreRefused() []refusal {
	addr, declared := w.host.Addr, w.Read(w.Lab.KnownHostsPath())
	other, encrypted := w.key(""), w.key("right")
	deploy := func(words ...string) []string { return world.DeployOf(w.good(), words...) }
	return []refusal{
		{
			name: "a revoked host key", words: deploy("SLIPWAY_KNOWN_HOSTS=" + declared + revoked(declared, addr)),
			says: []string{addr + ": its host key is declared as revoked (@revoked in known-hosts): give the host a new one; nothing was sent"},
		},
		{
			name: "a key that is not let in", words: deploy("SLIPWAY_SSH_KEY=" + other.private),
			says: []string{addr + ": deploy is not let in with this key: add its public half to ~deploy/.ssh/authorized_keys on the host"},
		},
		{name: "a user who is not let in", words: deploy("SLIPWAY_HOSTS=nobody@" + addr), says: []string{"nobody@" + addr + ": nobody is not let in with this key"}},
		{name: "a wrong passphrase", code: 2, words: deploy("SLIPWAY_SSH_KEY="+encrypted.private, "SLIPWAY_SSH_PASSPHRASE=wrong"), says: []string{"ssh-passphrase: it does not open the key"}, never: []string{"wrong"}},
		{name: "no passphrase", code: 2, words: deploy("SLIPWAY_SSH_KEY=" + encrypted.private), says: []string{"the key is protected by a passphrase"}},
	}
}

// placesWithoutAnSSHServer are addresses at which something else answers, or
// nothing.
func (w *webHost) placesWithoutAnSSHServer() []refusal {
	at := func(addr string) []string { return world.DeployOf(w.good(), "SLIPWAY_HOSTS="+addr) }
	closed, silent := w.listener(), w.listener()
	w.Must(closed.Close())
	web := httptest.NewServer(http.NotFoundHandler())
	w.Cleanup(web.Close)
	passwords, passwordsKey := w.passwordServer()
	nobodyThere := fmt.Sprintf("10.213.%d.200", w.Lab.Number())
	return []refusal{
		{name: "no host there", words: at(nobodyThere), says: []string{nobodyThere + ": cannot connect: there is no route to " + nobodyThere + ":22: is the host up"}},
		{name: "nothing listens", words: at(closed.Addr().String()), says: []string{"cannot connect: nothing listens on " + closed.Addr().String(), "is sshd running, is that its port"}},
		{name: "no answer", words: at(silent.Addr().String()), says: []string{silent.Addr().String() + " accepts connections, but did not complete an SSH handshake within 15s"}},
		{name: "a web server", words: at(web.Listener.Addr().String()), says: []string{"what answers at " + web.Listener.Addr().String() + ` is not an SSH server (it says "HTTP/1.1 400 Bad Request")`, "is that the port of sshd?"}},
		{
			name: "passwords only", words: append(at(passwords), "SLIPWAY_KNOWN_HOSTS="+knownhosts.Line([]string{passwords}, passwordsKey)),
			says: []string{passwords + ": the server offers only password: Slipway logs in with keys alone; enable PubkeyAuthentication in its sshd_config"},
		},
	}
}

// revoked declares all of a host's keys as revoked.
func revoked(knownHosts, addr string) string {
	var lines strings.Builder
	for line := range strings.Lines(knownHosts) {
		if isOf(line, addr) {
			lines.WriteString("@revoked " + line)
		}
	}
	return lines.String()
}

func isOf(line, addr string) bool {
	names, _, _ := strings.Cut(line, " ")
	return slices.Contains(strings.Split(names, ","), addr)
}

type key struct {
	private string
	public  ssh.PublicKey
	signer  ssh.Signer
}

// key makes a key that no host knows; without a passphrase it is not encrypted.
func (w *webHost) key(passphrase string) key {
	w.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	w.Must(err)
	signer, err := ssh.NewSignerFromKey(private)
	w.Must(err)
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	w.Must(err)
	return key{string(pem.EncodeToMemory(block)), signer.PublicKey(), signer}
}

// listener accepts connections, as the kernel does for it, and says nothing.
func (w *webHost) listener() net.Listener {
	w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.Must(err)
	w.Cleanup(func() { l.Close() })
	return l
}

// passwordServer starts an SSH server that knows no keys.
func (w *webHost) passwordServer() (addr string, hostKey ssh.PublicKey) {
	w.Helper()
	host, l := w.key(""), w.listener()
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		return nil, errors.New("no")
	}}
	config.AddHostKey(host.signer)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				ssh.NewServerConn(conn, config) // it fails: nobody is let in
			}()
		}
	}()
	return l.Addr().String(), host.public
}
