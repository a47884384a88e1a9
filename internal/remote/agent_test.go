package remote

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func deployKeys() []DeployKey {
	windows := bytes.ReplaceAll(pemOf(otherKey()), []byte("\n"), []byte("\r\n"))
	return []DeployKey{{"git@github.com:apxr/one", pemOf(userKey())}, {"git@github.com:apxr/two", pemOf(rsaKey())}, {"git@github.com:apxr/three", windows}}
}

func keyring(t *testing.T) agent.Agent {
	t.Helper()
	a, _, err := NewKeyring(deployKeys())
	must(t, err)
	return a
}

func TestAKeyringHoldsOnlyTheDeployKeys(t *testing.T) {
	t.Parallel()
	a, identities, err := NewKeyring(deployKeys())
	must(t, err)
	keys, err := a.List()
	must(t, err)
	if len(keys) != 3 || len(identities) != 3 {
		t.Fatalf("%v, %v", keys, identities)
	}
	for i, private := range []any{userKey(), rsaKey(), otherKey()} {
		want := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer(private).PublicKey())))
		if identities[i] != (Identity{deployKeys()[i].Repository, want}) {
			t.Errorf("%+v, want %s", identities[i], want)
		}
		if keys[i].String() != want+" "+deployKeys()[i].Repository {
			t.Errorf("the agent lists %s, want %s", keys[i], want)
		}
	}
}

func TestWithoutDeployKeysThereIsNoAgent(t *testing.T) {
	t.Parallel()
	if a, identities, err := NewKeyring(nil); a != nil || identities != nil || err != nil {
		t.Errorf("%v, %v, %v", a, identities, err)
	}
}

func TestAllMangledDeployKeysAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	good := string(pemOf(userKey()))
	locked := pem.EncodeToMemory(check(ssh.MarshalPrivateKeyWithPassphrase(userKey(), "", []byte("secret"))))
	keys := []DeployKey{
		{"good", []byte(good)},
		{"escaped", []byte(strings.ReplaceAll(good, "\n", `\n`))},
		{"blanks", []byte(strings.ReplaceAll(good, "\n", " "))},
		{"locked", locked},
		{"public", ssh.MarshalAuthorizedKey(signer(userKey()).PublicKey())},
		{"cut", []byte(good[:len(good)/2])},
		{"quoted", []byte("-----BEGIN " + good[60:100] + "-----\nAAAA\n-----END " + good[60:100] + "-----\n")}, // x/crypto quotes the type
		{"empty", nil},
	}
	a, _, err := NewKeyring(keys)
	wantError(t, err,
		`deploy-keys: key for escaped: the key has the two characters \n`,
		"deploy-keys: key for blanks: the key has no line breaks",
		"deploy-keys: key for locked: the key is protected by a passphrase",
		"deploy-keys: key for public: this is the public half",
		"deploy-keys: key for cut: the key is cut off",
		"deploy-keys: key for quoted: this is not a private key",
		"deploy-keys: key for empty: the key is empty")
	if a != nil || strings.Contains(err.Error(), "good") || strings.Contains(err.Error(), good[60:80]) {
		t.Errorf("%v, %v", a, err)
	}
}

// signsAndNothingElse uses an agent that has the deploy keys as its borrower
// would.
func signsAndNothingElse(t *testing.T, a agent.ExtendedAgent) {
	keys, err := a.List()
	if err != nil || len(keys) != 3 {
		t.Errorf("%v, %v", keys, err)
		return
	}
	for i, flags := range []agent.SignatureFlags{0, agent.SignatureFlagRsaSha512, 0} {
		signature, err := a.SignWithFlags(keys[i], []byte("data"), flags)
		if err != nil {
			t.Errorf("%s: %v", keys[i], err)
		} else if err := keys[i].Verify([]byte("data"), signature); err != nil {
			t.Errorf("%s: %v", keys[i], err)
		} else if flags != 0 && signature.Format != ssh.KeyAlgoRSASHA512 {
			t.Errorf("signed with %s", signature.Format)
		}
	}
	if _, err := a.Sign(signer(hostKey()).PublicKey(), []byte("data")); err == nil {
		t.Error("signed with a key that it does not have")
	}
	private := check(ssh.ParseRawPrivateKey(pemOf(ed25519Key())))
	_, extension := a.Extension("session-bind@openssh.com", []byte("x"))
	for what, err := range map[string]error{
		"Add":       a.Add(agent.AddedKey{PrivateKey: private}),
		"Remove":    a.Remove(keys[0]),
		"Lock":      a.Lock([]byte("secret")),
		"Unlock":    a.Unlock([]byte("secret")),
		"RemoveAll": a.RemoveAll(),
		"Extension": extension,
	} {
		if err == nil {
			t.Errorf("%s is not refused", what)
		}
	}
	if after, err := a.List(); err != nil || len(after) != len(keys) {
		t.Errorf("afterwards: %v, %v", after, err)
	}
}

func TestWhatAnAgentOfOursDoes(t *testing.T) {
	quiet(t)
	signsAndNothingElse(t, keyring(t).(agent.ExtendedAgent))
	if _, err := keyring(t).Signers(); err == nil {
		t.Error("the keys are handed out")
	}
	opened, closer, err := OpenAgent(listenAgent(t, fullAgent(t)))
	must(t, err)
	signsAndNothingElse(t, opened.(agent.ExtendedAgent))
	must(t, closer.Close())
	if _, err := opened.List(); err == nil {
		t.Error("it answers after it was closed")
	}
}

// fullAgent returns an agent that has the deploy keys and allows everything.
func fullAgent(t *testing.T) agent.Agent {
	t.Helper()
	a := agent.NewKeyring()
	for _, key := range deployKeys() {
		must(t, a.Add(agent.AddedKey{PrivateKey: check(ssh.ParseRawPrivateKey(key.PEM))}))
	}
	return a
}

func listenAgent(t *testing.T, a agent.Agent) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(a, conn)
		}
	}()
	return socket
}

func TestAnUnusableAgentIsNamed(t *testing.T) {
	t.Parallel()
	dead := filepath.Join(t.TempDir(), "dead")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	must(t, err)
	l.SetUnlinkOnClose(false)
	must(t, l.Close())
	empty := listenAgent(t, agent.NewKeyring())
	for socket, want := range map[string]string{
		"":             "SSH_AUTH_SOCK is not set",
		"/nonexistent": "/nonexistent: connect: no such file",
		dead:           dead + ": connect: connection refused",
		empty:          "cannot use the SSH agent at " + empty + ": it holds no keys",
	} {
		_, _, err := OpenAgent(socket)
		wantError(t, err, "forward-agent: ", want, "start ssh-agent and ssh-add a key, or leave forward-agent off")
	}
}

// plain is an agent without the methods of ExtendedAgent.
type plain struct{ agent.Agent }

func TestAnAgentWithoutFlagsDoesNotFallBackToSHA1(t *testing.T) {
	t.Parallel()
	full := fullAgent(t)
	keys := check(full.List())
	a := readOnly{plain{full}}
	if _, err := a.SignWithFlags(keys[1], nil, agent.SignatureFlagRsaSha256); err == nil {
		t.Error("signed with an algorithm that was not asked for")
	}
	if _, err := a.SignWithFlags(keys[0], nil, 0); err != nil {
		t.Error(err)
	}
	if _, err := a.Extension("x", nil); !errors.Is(err, agent.ErrExtensionUnsupported) {
		t.Error(err)
	}
}

// quiet keeps x/crypto's log of refusals out of the tests' output.
func quiet(t *testing.T) {
	before := log.Writer()
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(before) })
}
