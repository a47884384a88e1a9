package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// login is one attempt to log in. It remembers how far it got, so that a failure
// can be explained.
type login struct {
	tracer
	auth   *Auth
	target Target

	mu      sync.Mutex // the handshake may go on after the caller has given up
	stage   stage
	heard   []byte   // the first bytes from the peer
	allowed []string // ways to log in that the server offers
	partial bool     // the server accepted the key and asks for more
}

type stage int

const (
	connected stage = iota
	trusted         // the key exchange is done, and the host key is trusted
	signing         // the server has asked for a signature
)

func (l *login) reach(s stage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = max(l.stage, s)
}

// config offers only the host key algorithms of the keys that known_hosts
// declares for this host, and neither SHA-1 nor DSA.
func (l *login) config() *ssh.ClientConfig {
	supported := ssh.SupportedAlgorithms()
	return &ssh.ClientConfig{
		User:         l.target.User,
		Auth:         []ssh.AuthMethod{ssh.PublicKeysCallback(l.signers)},
		AuthCallback: l.choices,
		Config: ssh.Config{
			KeyExchanges: supported.KeyExchanges,
			Ciphers:      supported.Ciphers,
			MACs:         slices.DeleteFunc(supported.MACs, func(mac string) bool { return strings.Contains(mac, "sha1") }),
		},
		HostKeyCallback:   l.checkHostKey,
		HostKeyAlgorithms: l.auth.known.algorithms(l.target.addr()),
	}
}

func (l *login) checkHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	l.say("its host key is %s %s", key.Type(), ssh.FingerprintSHA256(key))
	line, err := l.auth.known.check(l.target, key)
	if err == nil {
		l.say("the host key is accepted by line %d of known-hosts", line)
		l.reach(trusted)
	}
	return err
}

// choices records what the server offers. It does not change the order in which
// the ways to log in are tried.
func (l *login) choices(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.mu.Lock()
	first := l.allowed == nil
	l.allowed = slices.Clone(c.AllowedMethods)
	l.partial = len(c.PartialSuccessMethods) > 0
	l.mu.Unlock()
	if first {
		l.algorithms(c.Algorithms)
	}
	l.say("the server offers to log in by %s", printable(strings.Join(c.AllowedMethods, ", "), 200))
	return nil, nil
}

func (l *login) signers() ([]ssh.Signer, error) {
	var signers []ssh.Signer
	for _, signer := range l.auth.signers {
		key := signer.PublicKey()
		l.say("offers publickey %s %s as %s", key.Type(), fingerprint(key), l.target.User)
		signers = append(signers, tracedSigner{signer, l})
	}
	return signers, nil
}

// fingerprint returns the fingerprint of a key; for a certificate, that of the
// key in it, as ssh-add -l shows it.
func fingerprint(key ssh.PublicKey) string {
	if parsed, err := ssh.ParsePublicKey(key.Marshal()); err == nil {
		key = parsed
	}
	if certificate, ok := key.(*ssh.Certificate); ok {
		key = certificate.Key
	}
	return ssh.FingerprintSHA256(key)
}

func (s tracedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	s.login.say("the server accepts %s; signs with %s", fingerprint(s.PublicKey()), algorithm)
	s.login.reach(signing)
	signature, err := s.MultiAlgorithmSigner.SignWithAlgorithm(rand, data, algorithm)
	if err == nil {
		s.login.signed()
	}
	return signature, err
}

// signed records that the signature was sent and that the server is next.
func (l *login) signed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = trusted
}

// errSilent is the cause of the context when a handshake takes too long.
var errSilent = errors.New("the handshake took too long")

// handshake logs in over conn within dialTimeout. ssh.ClientConfig.Timeout does
// not bound a peer that accepts the connection and then stays silent. Neither
// deadlines nor closing the connection would be enough: a connection through a
// jump host has no deadlines and closes only when its other end agrees, and the
// silent one may be the SSH agent.
func (l *login) handshake(ctx context.Context, conn net.Conn) (*ssh.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, dialTimeout, errSilent)
	defer cancel()
	type outcome struct {
		client *ssh.Client
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		client, err := l.newClient(conn)
		done <- outcome{client, err}
	}()
	select {
	case o := <-done:
		return o.client, o.err
	case <-ctx.Done():
		go func() {
			conn.Close()
			if o := <-done; o.client != nil {
				o.client.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

func (l *login) newClient(conn net.Conn) (*ssh.Client, error) {
	c, channels, requests, err := ssh.NewClientConn(&listening{Conn: conn, login: l}, l.target.addr(), l.config())
	if err != nil {
		return nil, err
	}
	l.say("logged in as %s", l.target.User)
	return ssh.NewClient(c, channels, requests), nil
}

// listening remembers the first bytes of a connection. They show what the peer
// is if it is not an SSH server.
type listening struct {
	net.Conn
	login *login
	full  bool // used only by the connection's one reader
}

const maxHeard = 512

func (c *listening) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.full {
		c.full = c.login.hear(p[:n])
	}
	return n, err
}

func (l *login) hear(p []byte) (full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.version()
	l.heard = append(l.heard, p[:min(len(p), maxHeard-len(l.heard))]...)
	if version := l.version(); before == "" && version != "" {
		l.say("it is %s", version)
	}
	return len(l.heard) == maxHeard
}

// version returns the line with which an SSH server begins, or "" if none has
// arrived.
func (l *login) version() string {
	lines := strings.SplitAfter(string(l.heard), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "SSH-") && strings.HasSuffix(line, "\n") {
			return printable(line, 100)
		}
	}
	return ""
}
