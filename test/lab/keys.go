package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// A keyPair is an SSH key as ssh-keygen would write it.
type keyPair struct {
	private []byte
	public  string // one authorized_keys line without its end
}

func newKeyPair(comment string, generate func() (crypto.Signer, error)) (keyPair, error) {
	key, err := generate()
	if err != nil {
		return keyPair{}, err
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return keyPair{}, err
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return keyPair{}, err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
	return keyPair{pem.EncodeToMemory(block), line + " " + comment}, nil
}

func newEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func newECDSA() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// newRSA makes a key of 2048 bits: sshd accepts it, and 3072 bits for every host would take longer than to boot them.
func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// hostKeys are a host's SSH keys by the name that stands in sshd's file names.
type hostKeys map[string]keyPair

func newHostKeys(host string) (hostKeys, error) {
	keys := hostKeys{}
	for kind, generate := range map[string]func() (crypto.Signer, error){
		"ed25519": newEd25519, "ecdsa": newECDSA, "rsa": newRSA,
	} {
		pair, err := newKeyPair("root@"+host, generate)
		if err != nil {
			return nil, fmt.Errorf("make the %s host key of %s: %w", kind, host, err)
		}
		keys[kind] = pair
	}
	return keys, nil
}

// knownHosts are a host's known_hosts lines, under all its names and addresses that are given.
func (k hostKeys) knownHosts(names []string) string {
	var lines strings.Builder
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		key := strings.Join(strings.Fields(k[kind].public)[:2], " ")
		fmt.Fprintf(&lines, "%s %s\n", strings.Join(names, ","), key)
	}
	return lines.String()
}

// save writes a pair as path and path.pub.
func (k keyPair) save(path string) error {
	return errors.Join(
		os.WriteFile(path, k.private, 0o600),
		os.WriteFile(path+".pub", []byte(k.public+"\n"), 0o644))
}
