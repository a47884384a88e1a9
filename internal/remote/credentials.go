package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// Credentials are the settings of a login as they were given.
type Credentials struct {
	Key         []byte // private key, OpenSSH or PEM
	Passphrase  []byte // of Key; ignored if that needs none
	Certificate []byte // user certificate: the line in id_ed25519-cert.pub
	Agent       string // socket of an ssh-agent, asked if there is no Key; "" is none
	KnownHosts  []byte // lines of known_hosts
}

// Auth is how to log in, and which host keys are right. It is safe for use by
// several goroutines.
type Auth struct {
	signers     []ssh.MultiAlgorithmSigner // in the order in which they are offered
	certificate *ssh.Certificate           // nil: none
	agent       io.Closer                  // nil: the key is our own
	known       *hostKeys
}

// NewAuth reads the settings and connects to the agent if that is needed. All
// mistakes come together, each begins with the name of its setting, and none
// repeats a secret.
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

// Close ends the connection to the agent, if there is one. Connections that
// are open stay so.
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
		return nil, errors.New("ssh-key: sshd lets nobody in with a key of this kind: make one with ssh-keygen -t ed25519")
	}
	return modern(signer.(ssh.AlgorithmSigner))
}

// modern is the signer without SHA-1, which an RSA key would use for a server
// that does not say what it knows. It fails for what is no key for SSH (DSA).
func modern(signer ssh.AlgorithmSigner) (ssh.MultiAlgorithmSigner, error) {
	algorithm := plainType(signer.PublicKey())
	if algorithm == ssh.KeyAlgoRSA {
		return ssh.NewSignerWithAlgorithms(signer, []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
	}
	if algorithm == ssh.InsecureKeyAlgoDSA {
		return nil, errDSA
	}
	return ssh.NewSignerWithAlgorithms(signer, []string{algorithm})
}

// plainType is the type of a key, and for a certificate that of its key.
func plainType(key ssh.PublicKey) string {
	parsed, err := ssh.ParsePublicKey(key.Marshal()) // an agent's are not parsed
	if err != nil {
		return key.Type()
	}
	if certificate, ok := parsed.(*ssh.Certificate); ok {
		return certificate.Key.Type()
	}
	return parsed.Type()
}
