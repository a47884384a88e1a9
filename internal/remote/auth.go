package remote

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// Auth is how to log in, and which host keys are right.
type Auth struct {
	signer ssh.Signer
	known  *knownhosts.HostKeyDB
}

// NewAuth reads a private key and known_hosts lines.
func NewAuth(key, knownHosts []byte) (Auth, error) {
	signer, keyErr := parseSigner(key)
	known, knownErr := parseKnownHosts(knownHosts)
	return Auth{signer, known}, errors.Join(keyErr, knownErr)
}

func parseSigner(key []byte) (ssh.Signer, error) {
	private, err := parseKey("ssh-key", key)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(private)
}

// parseKey reads a private key. The errors begin with where it comes from.
func parseKey(from string, key []byte) (any, error) {
	private, err := ssh.ParseRawPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", from, explainKey(string(key), err))
	}
	return private, nil
}

// explainKey says what is wrong with a private key. It repeats nothing that a
// parser says: some errors quote the text, and the text may be the key.
func explainKey(key string, err error) string {
	var passphrase *ssh.PassphraseMissingError
	_, _, _, _, notPublic := ssh.ParseAuthorizedKey([]byte(key))
	switch {
	case errors.As(err, &passphrase):
		return "the key is protected by a passphrase: give a key without one, made for deploys alone"
	case notPublic == nil, strings.Contains(key, " PUBLIC KEY---"):
		return "this is the public half of a key: give the private one, the file whose name does not end in .pub"
	case strings.Contains(key, `\n`):
		return `the key has the two characters \n where its line breaks should be: paste the file as it is`
	case key != "" && !strings.Contains(strings.TrimSpace(key), "\n"):
		return "the key has no line breaks: paste the whole private key file as it is"
	}
	return "this is not a private key in OpenSSH or PEM format: paste the whole file, from its BEGIN line to its END line"
}

// parseKnownHosts goes through a file because the parsers of known_hosts read
// nothing else. What is in it is public.
func parseKnownHosts(text []byte) (*knownhosts.HostKeyDB, error) {
	f, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	db, err := knownhosts.NewDB(f.Name())
	if err != nil {
		return nil, fmt.Errorf("known-hosts: %s", strings.ReplaceAll(err.Error(), f.Name(), "line"))
	}
	return db, nil
}

// clientConfig offers only what is declared for this host: the algorithms of
// the keys that known_hosts has for it, and no SHA-1 or DSA anywhere.
func (a Auth) clientConfig(t Target) (*ssh.ClientConfig, error) {
	supported := ssh.SupportedAlgorithms()
	return &ssh.ClientConfig{
		User: t.User,
		Auth: []ssh.AuthMethod{ssh.PublicKeys(a.signer)},
		Config: ssh.Config{
			KeyExchanges: supported.KeyExchanges,
			Ciphers:      supported.Ciphers,
			MACs:         slices.DeleteFunc(supported.MACs, func(mac string) bool { return strings.Contains(mac, "sha1") }),
		},
		HostKeyCallback:   a.checkHostKey(t),
		HostKeyAlgorithms: a.hostKeyAlgorithms(t, supported.HostKeys),
		Timeout:           dialTimeout,
	}, nil
}

func (a Auth) hostKeyAlgorithms(t Target, supported []string) []string {
	declared := slices.DeleteFunc(a.known.HostKeyAlgorithms(t.addr()), func(algorithm string) bool {
		return !slices.Contains(supported, algorithm)
	})
	if len(declared) > 0 {
		return declared
	}
	// The key will be refused; of several, the message is to name the one that
	// people compare.
	slices.SortStableFunc(supported, func(a, b string) int {
		return cmp.Compare(strings.Index(b, "ed25519"), strings.Index(a, "ed25519"))
	})
	return supported
}

func (a Auth) checkHostKey(t Target) ssh.HostKeyCallback {
	check := a.known.HostKeyCallback()
	return func(addr string, remote net.Addr, key ssh.PublicKey) error {
		err := check(addr, remote, key)
		switch {
		case err == nil:
			return nil
		case knownhosts.IsHostUnknown(err):
			return &HostKeyError{Target: t, Seen: key}
		case knownhosts.IsHostKeyChanged(err):
			return &HostKeyError{Target: t, Seen: key, Expected: a.known.HostKeys(t.addr())}
		}
		return err
	}
}

// HostKeyError is a host whose key was not declared.
type HostKeyError struct {
	Target   Target
	Seen     ssh.PublicKey
	Expected []knownhosts.PublicKey // empty: none is declared
}

func (e *HostKeyError) Error() string {
	line := knownhosts.Line([]string{e.Target.addr()}, e.Seen)
	seen := e.Seen.Type() + " " + ssh.FingerprintSHA256(e.Seen)
	if len(e.Expected) == 0 {
		return fmt.Sprintf("its host key %s is not in known-hosts; nothing was sent. If that is the host's key (on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), add this line:\n%s", seen, line)
	}
	var expected []string
	for _, key := range e.Expected {
		expected = append(expected, key.Type()+" "+ssh.FingerprintSHA256(key))
	}
	return fmt.Sprintf("its host key has changed, or somebody stands in between; nothing was sent. Expected %s, seen %s. If the host was installed anew, replace its line in known-hosts by:\n%s",
		strings.Join(expected, " or "), seen, line)
}

// explain makes a failed handshake say what to do.
func explain(err error, t Target) error {
	var hostKey *HostKeyError
	switch text := err.Error(); {
	case errors.As(err, &hostKey):
		return hostKey
	case strings.Contains(text, "unable to authenticate"):
		return fmt.Errorf("%s is not let in with this key: add its public half to ~%s/.ssh/authorized_keys on the host (the server offers no other way that Slipway uses)", t.User, t.User)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s accepts connections, but did not complete an SSH handshake within %s", t.addr(), dialTimeout)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("%s accepts connections and closes them before an SSH handshake: is an SSH server there, and does it take connections from here?", t.addr())
	}
	return fmt.Errorf("SSH handshake: %w", err)
}
