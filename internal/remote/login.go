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

// login is one attempt to log in. It remembers how far that came, for the
// message if it fails.
type login struct {
	tracer
	auth   *Auth
	target Target

	mu      sync.Mutex // it may go on while the caller has given up
	stage   stage
	heard   []byte   // what the peer said first
	allowed []string // ways to log in that the server offers
	partial bool     // the key is right, and not enough
}

type stage int

const (
	connected stage = iota
	trusted         // the key exchange is done, the host is the right one
	signing         // the server asks for proof of a key
)

func (l *login) reach(s stage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = max(l.stage, s)
}

// config offers only what is declared for this host: the algorithms of the keys
// that known_hosts has for it, and no SHA-1 or DSA anywhere.
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

// choices sees what the server offers, and leaves the choice as it is.
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

// fingerprint of a certificate is that of its key, as ssh-add -l shows it.
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

// signed is back to waiting for the server.
func (l *login) signed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stage = trusted
}

// errSilent is the cause when a handshake took too long.
var errSilent = errors.New("the handshake took too long")

// handshake bounds what ssh.ClientConfig.Timeout does not: a peer that accepts
// the connection and then says nothing. Neither the connection's deadlines nor
// closing it are enough: one through a jump host knows no deadlines, and is
// closed when the other end agrees; an agent may be what is silent.
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

// listening remembers the first bytes of a connection: they tell what answers
// if it is no SSH server.
type listening struct {
	net.Conn
	login *login
	full  bool // read by the one reader of the connection alone
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

// version is the line by which an SSH server begins, "" if none was heard.
func (l *login) version() string {
	lines := strings.SplitAfter(string(l.heard), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "SSH-") && strings.HasSuffix(line, "\n") {
			return printable(line, 100)
		}
	}
	return ""
}
