package remote

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// DeployKey is a private key that may read one repository.
type DeployKey struct {
	Repository string
	PEM        []byte
}

// Identity is the public part of a deploy key. A machine needs it to ask the
// agent for that key.
type Identity struct {
	Repository string
	PublicKey  string // "ssh-ed25519 AAAA...", without a comment
}

// NewKeyring returns an agent that holds exactly these keys and that its users
// cannot change. Without keys the agent is nil, as [Conn.WithAgent] expects it.
func NewKeyring(keys []DeployKey) (agent.Agent, []Identity, error) {
	if len(keys) == 0 {
		return nil, nil, nil
	}
	keyring := agent.NewKeyring()
	var identities []Identity
	var errs []error
	for _, key := range keys {
		public, err := add(keyring, key)
		errs = append(errs, err)
		identities = append(identities, Identity{key.Repository, public})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	return readOnly{keyring}, identities, nil
}

// add puts a key into the keyring and returns its public half as a line of
// authorized_keys.
func add(keyring agent.Agent, key DeployKey) (string, error) {
	from := "deploy-keys: key for " + key.Repository
	private, err := parseKey(key.PEM, nil)
	if errors.Is(err, errPassphraseMissing) {
		return "", fmt.Errorf("%s: %w: give a key without one, made for deploys alone", from, err)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	if err := keyring.Add(agent.AddedKey{PrivateKey: private, Comment: key.Repository}); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))), nil
}

// OpenAgent connects to the user's own agent, whose socket SSH_AUTH_SOCK names.
// The returned agent lists keys and signs, and does nothing else.
func OpenAgent(socket string) (agent.Agent, io.Closer, error) {
	const advice = "start ssh-agent and ssh-add a key, or leave forward-agent off"
	if socket == "" {
		return nil, nil, errors.New("forward-agent: SSH_AUTH_SOCK is not set: " + advice)
	}
	client, conn, err := connectAgent(socket)
	if err != nil {
		return nil, nil, fmt.Errorf("forward-agent: no SSH agent answers at SSH_AUTH_SOCK: %w: %s", err, advice)
	}
	keys, err := timely(conn, client.List)
	if err == nil && len(keys) == 0 {
		err = errNoKeys
	}
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("forward-agent: cannot use the SSH agent at %s: %w: %s", socket, err, advice)
	}
	return readOnly{client}, conn, nil
}

var errNoKeys = errors.New("it holds no keys or is locked")

// agentSigners returns the keys of the agent at a socket. They can sign until
// the connection is closed.
func agentSigners(socket string) ([]ssh.MultiAlgorithmSigner, io.Closer, error) {
	client, conn, err := connectAgent(socket)
	if err != nil {
		return nil, nil, fmt.Errorf("no SSH agent answers at SSH_AUTH_SOCK: %w: start ssh-agent and ssh-add a key, or give ssh-key", err)
	}
	signers, err := timely(conn, client.Signers)
	var usable []ssh.MultiAlgorithmSigner
	for _, signer := range signers {
		// Skip keys that SSH no longer accepts: the agent may hold others.
		if s, err := modern(signer.(ssh.AlgorithmSigner)); err == nil {
			usable = append(usable, s)
		}
	}
	if err == nil && len(usable) == 0 {
		err = errNoKeys
	}
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("cannot use the SSH agent at %s: %w: ssh-add a key, or give ssh-key", socket, err)
	}
	return usable, conn, nil
}

// connectAgent returns a client and its connection. All requests must go through
// that one client, since it reads ahead on the connection.
func connectAgent(socket string) (agent.ExtendedAgent, net.Conn, error) {
	conn, err := net.DialTimeout("unix", socket, dialTimeout)
	if err != nil {
		return nil, nil, err
	}
	return agent.NewClient(conn), conn, nil
}

// timely bounds a request: a listener that is not an agent may never answer.
func timely[T any](conn net.Conn, ask func() (T, error)) (T, error) {
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return *new(T), err
	}
	answer, err := ask()
	return answer, errors.Join(err, conn.SetDeadline(time.Time{}))
}

var errReadOnly = errors.New("this SSH agent lists keys and signs, and does nothing else")

// readOnly is an agent as its borrowers see it. It embeds nothing, so that a new
// method of the interface cannot slip through.
type readOnly struct{ agent agent.Agent }

var _ agent.ExtendedAgent = readOnly{} // without it, RSA keys would sign with SHA-1

func (r readOnly) List() ([]*agent.Key, error) { return r.agent.List() }

func (r readOnly) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return r.agent.Sign(key, data)
}

func (r readOnly) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	if extended, ok := r.agent.(agent.ExtendedAgent); ok {
		return extended.SignWithFlags(key, data, flags)
	}
	if flags != 0 {
		return nil, errors.New("this SSH agent supports only the default signature algorithms")
	}
	return r.agent.Sign(key, data)
}

func (readOnly) Add(agent.AddedKey) error       { return errReadOnly }
func (readOnly) Remove(ssh.PublicKey) error     { return errReadOnly }
func (readOnly) RemoveAll() error               { return errReadOnly }
func (readOnly) Lock([]byte) error              { return errReadOnly }
func (readOnly) Unlock([]byte) error            { return errReadOnly }
func (readOnly) Signers() ([]ssh.Signer, error) { return nil, errReadOnly }

func (readOnly) Extension(string, []byte) ([]byte, error) { return nil, agent.ErrExtensionUnsupported }
