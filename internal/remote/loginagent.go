package remote

import (
	"bytes"
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Agent returns an SSH agent with the keys that a logs in with, for programs
// that make their own connections. It lists the keys, a certificate before its
// key, and signs. Nothing can change it or take a key out of it.
func (a *Auth) Agent() agent.Agent { return readOnly{loginAgent{signers: a.signers}} }

// loginAgent implements the three methods that readOnly passes on. readOnly
// answers all others itself.
type loginAgent struct {
	agent.ExtendedAgent
	signers []ssh.MultiAlgorithmSigner
}

func (l loginAgent) List() ([]*agent.Key, error) {
	var keys []*agent.Key
	for _, signer := range l.signers {
		key := signer.PublicKey()
		keys = append(keys, &agent.Key{Format: key.Type(), Blob: key.Marshal(), Comment: "slipway"})
	}
	return keys, nil
}

func (l loginAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return l.SignWithFlags(key, data, 0)
}

var errNotHeld = errors.New("this SSH agent does not hold that key")

func (l loginAgent) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	for _, signer := range l.signers {
		if !bytes.Equal(signer.PublicKey().Marshal(), key.Marshal()) {
			continue
		}
		algorithm := plainType(signer.PublicKey())
		switch {
		case algorithm == ssh.KeyAlgoRSA && flags&agent.SignatureFlagRsaSha512 != 0:
			algorithm = ssh.KeyAlgoRSASHA512
		case algorithm == ssh.KeyAlgoRSA && flags&agent.SignatureFlagRsaSha256 != 0:
			algorithm = ssh.KeyAlgoRSASHA256
		}
		// Without a flag, an RSA key would sign with SHA-1: the signer refuses
		// that.
		return signer.SignWithAlgorithm(rand.Reader, data, algorithm)
	}
	return nil, errNotHeld
}
