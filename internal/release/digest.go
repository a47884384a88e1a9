package release

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest identifies a release by its contents: it is the SHA-256 of the manifest as
// the build wrote it, in hexadecimal. Two build servers can make the same [ID] for
// different releases, but not the same digest.
type Digest string

// DigestOf returns the digest of a manifest's text.
func DigestOf(manifest []byte) Digest {
	sum := sha256.Sum256(manifest)
	return Digest(hex.EncodeToString(sum[:]))
}

// ParseDigest reads a digest.
func ParseDigest(s string) (Digest, error) {
	if !digestRE.MatchString(s) {
		return "", fmt.Errorf("%.100q is not the digest of a release: it has 64 hexadecimal digits", s)
	}
	return Digest(s), nil
}

// valid reports whether d is a digest, or empty for an unknown one.
func (d Digest) valid() bool { return d == "" || digestRE.MatchString(string(d)) }

// Short returns the digest in the length that people compare.
func (d Digest) Short() string {
	if d == "" {
		return "unknown"
	}
	return string(d[:min(12, len(d))])
}

// Text returns the manifest as the build wrote it. That of a parsed manifest is
// exactly what was parsed: a newer Slipway may have written more fields than this one
// knows.
func (m Manifest) Text() ([]byte, error) {
	if m.text != "" {
		return []byte(m.text), nil
	}
	return m.JSON()
}

// Digest returns the digest of the release.
func (m Manifest) Digest() (Digest, error) {
	text, err := m.Text()
	return DigestOf(text), err
}
