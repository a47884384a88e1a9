package remote

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// parseCertificate reads a user certificate. It checks what the server will
// check, as far as that is possible here. It returns nil for an empty text.
func parseCertificate(text []byte) (*ssh.Certificate, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	certificate, ok := key.(*ssh.Certificate)
	switch {
	case bytes.Contains(text, []byte("PRIVATE KEY")):
		err = errors.New("this is a private key: give it as ssh-key, and here the certificate, the line in id_ed25519-cert.pub")
	case err != nil:
		err = errors.New("this is not a certificate: paste the line in id_ed25519-cert.pub as it is")
	case !ok:
		err = errors.New("this is a public key, not a certificate: paste the line in id_ed25519-cert.pub")
	case certificate.CertType != ssh.UserCert:
		err = errors.New("this is the certificate of a host: to log in, give one that was signed for a user (ssh-keygen -s CA without -h)")
	default:
		err = usable(certificate, time.Now())
	}
	if err != nil {
		return nil, fmt.Errorf("ssh-certificate: %w", err)
	}
	return certificate, nil
}

// usable returns an error if a certificate, of a user or of a host, would be
// refused at this time.
func usable(c *ssh.Certificate, now time.Time) error {
	switch {
	case now.Unix() < int64(min(c.ValidAfter, endOfTime)):
		return fmt.Errorf("the certificate is not valid yet: it begins at %s (is the clock right?)", moment(c.ValidAfter))
	case c.ValidBefore != ssh.CertTimeInfinity && now.Unix() >= int64(min(c.ValidBefore, endOfTime)):
		return fmt.Errorf("the certificate expired at %s: have a new one signed", moment(c.ValidBefore))
	case c.Signature.Format == ssh.KeyAlgoRSA:
		return errors.New("the certificate is signed with SHA-1, which OpenSSH no longer accepts: have one signed with ssh-keygen -t rsa-sha2-512, or by an ed25519 CA")
	}
	// Assume that the server allows what only the server can decide.
	checker := ssh.CertChecker{
		SupportedCriticalOptions: slices.Collect(maps.Keys(c.CriticalOptions)),
		Clock:                    func() time.Time { return now },
	}
	// That includes a certificate without principals, which the checker rejects
	// before it looks at the signature.
	if len(c.ValidPrincipals) > 0 && checker.CheckCert(c.ValidPrincipals[0], c) != nil {
		return errors.New("the certificate is damaged: its signature does not match its contents")
	}
	return nil
}

const endOfTime = 1<<62 - 1 // fits into an int64

func moment(seconds uint64) string {
	return time.Unix(int64(min(seconds, endOfTime)), 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// certify offers the certificate, then its key, and no other key of an agent: a
// user who gives a certificate wants to log in with that one.
func (a *Auth) certify() error {
	for _, signer := range a.signers {
		if !bytes.Equal(signer.PublicKey().Marshal(), a.certificate.Key.Marshal()) {
			continue
		}
		certified, err := ssh.NewCertSigner(a.certificate, signer)
		if err != nil {
			return fmt.Errorf("ssh-certificate: %w", err)
		}
		a.signers = []ssh.MultiAlgorithmSigner{certified.(ssh.MultiAlgorithmSigner), signer}
		return nil
	}
	holder := "ssh-key"
	if a.agent != nil {
		holder = "a key that the SSH agent holds"
	}
	return fmt.Errorf("ssh-certificate: it certifies the key %s, which is not %s: have that one's public half signed",
		ssh.FingerprintSHA256(a.certificate.Key), holder)
}
