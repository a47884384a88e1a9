package lab

import (
	"context"
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
	"sync"

	"golang.org/x/crypto/ssh"
)

// A keyPair is an SSH key as ssh-keygen would write it.
type keyPair struct {
	Private []byte
	Public  string // one authorized_keys line without its end
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

// labKeys are all keys of a lab.
type labKeys struct {
	Admin, Deploy keyPair
	// Builder is the build host's own key, with which it fetches from the git host.
	Builder keyPair
	Host    map[string]hostKeys // by host name
}

// newLabKeys makes all keys, those of the hosts on all processors.
func newLabKeys(ctx context.Context, hosts []*Host) (labKeys, error) {
	k := labKeys{Host: map[string]hostKeys{}}
	for name, pair := range map[string]*keyPair{"admin@lab": &k.Admin, "deploy@lab": &k.Deploy, "deploy@build": &k.Builder} {
		var err error
		if *pair, err = newKeyPair(name, newEd25519); err != nil {
			return k, fmt.Errorf("make the key %s: %w", name, err)
		}
	}
	var mu sync.Mutex
	return k, forEach(ctx, hosts, func(_ context.Context, h *Host) error {
		made, err := newHostKeys(h.Name)
		mu.Lock()
		defer mu.Unlock()
		k.Host[h.Name] = made
		return err
	})
}

// knownHosts are the known_hosts lines of all hosts.
func (k labKeys) knownHosts(hosts []*Host) string {
	var lines strings.Builder
	for _, h := range hosts {
		lines.WriteString(k.Host[h.Name].knownHosts(append(hostAliases(h.Name), h.Addr, h.Addr6)))
	}
	return lines.String()
}

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
		key := strings.Join(strings.Fields(k[kind].Public)[:2], " ")
		fmt.Fprintf(&lines, "%s %s\n", strings.Join(names, ","), key)
	}
	return lines.String()
}

// save writes a pair as path and path.pub.
func (k keyPair) save(path string) error {
	return errors.Join(
		os.WriteFile(path, k.Private, 0o600),
		os.WriteFile(path+".pub", []byte(k.Public+"\n"), 0o644))
}
