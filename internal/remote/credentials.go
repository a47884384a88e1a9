package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// Credentials holds the settings of a login as the user gave them.
type Credentials struct {
	Key         []byte // private key, OpenSSH or PEM
	Passphrase  []byte // of Key; ignored if Key is not encrypted
	Certificate []byte // user certificate: the line in id_ed25519-cert.pub
	Agent       string // socket of an ssh-agent, used if there is no Key; may be ""
	KnownHosts  []byte // lines of known_hosts
}

// Auth holds the keys to log in with and the host keys to trust. It is safe for
// use by several goroutines.
type Auth struct {
	signers     []ssh.MultiAlgorithmSigner // in the order in which they are offered
	certificate *ssh.Certificate           // nil if there is none
	agent       io.Closer                  // nil if the key was given directly
	known       *hostKeys
}

// NewAuth reads the settings and connects to the agent if it needs one. It
// reports all mistakes together. Each message begins with the name of its
// setting, and none repeats a secret.
func NewAuth(c Credentials) (*Auth, error) {
	var a Auth
	var certErr, knownErr error
	keyErr := a.openKeys(c)
	a.certificate, certErr = parseCertificate(c.Certificate)
	if keyErr == nil && certErr == nil && a.certificate != nil {
		certErr = a.certify()
	}
	a.known, knownErr = parseKnownHosts(c.KnownHosts)
	if err := errors.Join(keyErr, certErr, knownErr); err != nil {
		a.Close()
		return nil, err
	}
	return &a, nil
}

// Close ends the connection to the agent, if there is one. SSH connections that
// are open stay open.
func (a *Auth) Close() error {
	if a == nil || a.agent == nil {
		return nil
	}
	return a.agent.Close()
}

func (a *Auth) openKeys(c Credentials) error {
	switch {
	case len(bytes.TrimSpace(c.Key)) > 0:
		signer, err := parseSigner(c.Key, c.Passphrase)
		a.signers = []ssh.MultiAlgorithmSigner{signer}
		return err
	case c.Agent != "":
		var err error
		if a.signers, a.agent, err = agentSigners(c.Agent); err != nil {
			return fmt.Errorf("ssh-agent: %w", err)
		}
		return nil
	}
	return errors.New("ssh-key: missing: give ssh-key, or start ssh-agent (SSH_AUTH_SOCK)")
}

func parseSigner(key, passphrase []byte) (ssh.MultiAlgorithmSigner, error) {
	private, err := parseKey(key, passphrase)
	switch {
	case errors.Is(err, errPassphraseWrong):
		return nil, fmt.Errorf("ssh-passphrase: %w", err)
	case errors.Is(err, errPassphraseMissing):
		return nil, fmt.Errorf("ssh-key: %w: give it as ssh-passphrase, or give a key without one, made for deploys alone", err)
	case err != nil:
		return nil, fmt.Errorf("ssh-key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, errors.New("ssh-key: sshd accepts no keys of this type: make one with ssh-keygen -t ed25519")
	}
	return modern(signer.(ssh.AlgorithmSigner))
}

// modern restricts a signer to algorithms without SHA-1: an RSA key would use
// it for a server that does not announce its algorithms. DSA keys are an error.
func modern(signer ssh.AlgorithmSigner) (ssh.MultiAlgorithmSigner, error) {
	algorithm := plainType(signer.PublicKey())
	if algorithm == ssh.KeyAlgoRSA {
		return ssh.NewSignerWithAlgorithms(signer, []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
	}
	if algorithm == keyTypeDSA {
		return nil, errDSA
	}
	return ssh.NewSignerWithAlgorithms(signer, []string{algorithm})
}

// plainType returns the type of a key; for a certificate, the type of the key in
// it.
func plainType(key ssh.PublicKey) string {
	parsed, err := ssh.ParsePublicKey(key.Marshal()) // an agent returns its keys unparsed
	if err != nil {
		return key.Type()
	}
	if certificate, ok := parsed.(*ssh.Certificate); ok {
		return certificate.Key.Type()
	}
	return parsed.Type()
}
