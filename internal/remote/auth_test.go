package remote

import (
	"encoding/pem"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestPrivateKeys(t *testing.T) {
	t.Parallel()
	good := string(pemOf(userKey()))
	locked := string(pem.EncodeToMemory(check(ssh.MarshalPrivateKeyWithPassphrase(userKey(), "", []byte("secret")))))
	public := string(ssh.MarshalAuthorizedKey(signer(userKey()).PublicKey()))
	publicPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: signer(userKey()).PublicKey().Marshal()}))
	for name, c := range map[string]struct{ key, want string }{
		"OpenSSH":               {good, ""},
		"RSA":                   {string(pemOf(rsaKey())), ""},
		"Windows line breaks":   {strings.ReplaceAll(good, "\n", "\r\n"), ""},
		"blank lines around":    {"\n\n" + good + "\n\n", ""},
		"no last line break":    {strings.TrimSpace(good), ""},
		"a passphrase":          {locked, "passphrase"},
		"line breaks as text":   {strings.ReplaceAll(good, "\n", `\n`), `characters \n`},
		"line breaks as blanks": {strings.ReplaceAll(good, "\n", " "), "no line breaks"},
		"a public key":          {public, "public half"},
		"a public key in PEM":   {publicPEM, "public half"},
		"an unknown PEM type":   {strings.ReplaceAll(good, "OPENSSH", "CLOSED"), "not a private key"},
		"nothing":               {"", "missing"},
		"cut off":               {good[:len(good)/2], "cut off"},
	} {
		_, err := NewAuth(Credentials{Key: []byte(c.key)})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "":
			wantError(t, err, "ssh-key: ", c.want)
			if strings.Contains(err.Error(), good[60:100]) {
				t.Errorf("%s: the message repeats the key", name)
			}
		}
	}
}

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	target := Target{"deploy", "web1", "22"}
	good := line(target, hostKey())
	for name, c := range map[string]struct {
		text, want string
		keys       int
	}{
		"nothing":              {"", "", 0},
		"a line":               {good, "", 1},
		"no last line break":   {strings.TrimSpace(good), "", 1},
		"comments and blanks":  {"# web\n\n" + good, "", 1},
		"Windows line breaks":  {strings.ReplaceAll(good, "\n", "\r\n"), "", 1},
		"several keys":         {good + line(target, rsaKey()), "", 2},
		"another port":         {line(Target{"", "web1", "2222"}, hostKey()), "", 0},
		"a list of names":      {"web0,web1 " + strings.SplitN(good, " ", 2)[1], "", 1},
		"a public key instead": {strings.SplitN(good, " ", 2)[1], "line 1: ", 0},
		"half a line":          {good + "web1 ssh-ed25519\n", "line 2: ", 0},
		"a key that is cut":    {good[:len(good)-20] + "\n", "line 1: ", 0},
	} {
		known, err := parseKnownHosts([]byte(c.text))
		switch {
		case c.want != "":
			wantError(t, err, "known-hosts: ", c.want)
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case len(known.lookup(target.addr())) != c.keys:
			t.Errorf("%s: %d keys, want %d", name, len(known.lookup(target.addr())), c.keys)
		}
	}
}

func TestBothMistakesAreReported(t *testing.T) {
	t.Parallel()
	_, err := NewAuth(Credentials{Key: []byte("x"), KnownHosts: []byte("x")})
	wantError(t, err, "ssh-key: ", "known-hosts: ")
}

func TestAnUndeclaredHostKeyEndsTheRunBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	s := newServer(shell, newHostKey())
	target := s.listen(t)
	seen := ssh.FingerprintSHA256(signer(newHostKey()).PublicKey())
	expected := ssh.FingerprintSHA256(signer(hostKey()).PublicKey())
	add := strings.TrimSpace(line(target, newHostKey()))
	for name, c := range map[string]struct {
		known string
		want  []string
	}{
		"none declared":         {"", []string{"is not in known-hosts", seen, "add this line:\n" + add}},
		"of another host alone": {line(Target{"", "127.0.0.1", "1"}, newHostKey()), []string{"is not in known-hosts", seen, add}},
		"changed":               {line(target, hostKey()), []string{"has changed", "Expected ssh-ed25519 " + expected, "seen ssh-ed25519 " + seen, "with:\n" + add}},
	} {
		_, err := dial(t.Context(), target, auth(t, userKey(), c.known))
		wantError(t, err, append(c.want, "web1: ", "nothing was sent")...)
		if hostKeyErr, ok := errors.AsType[*HostKeyError](err); !ok || hostKeyErr.Target != target {
			t.Errorf("%s: %T", name, err)
		}
		if _, err := dial(t.Context(), target, auth(t, userKey(), c.known+add+"\n")); err != nil {
			t.Errorf("%s: with the line that was named: %v", name, err)
		}
	}
}

func TestAHostMayHaveMoreKeysThanAreDeclared(t *testing.T) {
	t.Parallel()
	target := newServer(shell, rsaKey(), ecdsaKey(), hostKey()).listen(t)
	for _, key := range []any{hostKey(), ecdsaKey(), rsaKey()} {
		known := line(target, key)
		c, err := dial(t.Context(), target, auth(t, userKey(), known))
		if err != nil {
			t.Errorf("%s alone: %v", known, err)
			continue
		}
		must(t, c.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard))
		must(t, c.Close())
	}
}

func TestAnotherKeyOfTheHostDoesNotStandIn(t *testing.T) {
	t.Parallel()
	target := newServer(shell, rsaKey()).listen(t)
	_, err := dial(t.Context(), target, auth(t, userKey(), line(target, hostKey())))
	wantError(t, err, "web1: ")
}

func TestOnlyDeclaredAndSafeAlgorithmsAreOffered(t *testing.T) {
	t.Parallel()
	target := Target{"deploy", "web1", "22"}
	config := (&login{auth: auth(t, userKey(), line(target, hostKey())), target: target}).config()
	if !slices.Contains(config.HostKeyAlgorithms, ssh.KeyAlgoED25519) || slices.Contains(config.HostKeyAlgorithms, ssh.KeyAlgoECDSA256) {
		t.Errorf("%q", config.HostKeyAlgorithms)
	}
	rsaConfig := (&login{auth: auth(t, userKey(), line(target, rsaKey())), target: target}).config()
	for _, list := range [][]string{config.HostKeyAlgorithms, rsaConfig.HostKeyAlgorithms, config.KeyExchanges, config.Ciphers, config.MACs} {
		for _, old := range []string{"ssh-rsa", "ssh-dss", "diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "3des-cbc", "aes128-cbc", "hmac-sha1", "hmac-sha1-96"} {
			if slices.Contains(list, old) {
				t.Errorf("%s is offered in %q", old, list)
			}
		}
	}
}

func TestTheDocsListTheAlgorithms(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/hosts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(docs), "- **Algorithms**")
	listed, _, _ = strings.Cut(listed, "- **Penalties**")
	target := Target{"deploy", "web1", "22"}
	config := (&login{auth: auth(t, userKey(), line(target, hostKey())), target: target}).config()
	config.SetDefaults()
	for kind, list := range map[string][]string{"Key exchange": config.KeyExchanges, "Ciphers": config.Ciphers, "MACs": config.MACs} {
		_, own, _ := strings.Cut(listed, "- "+kind+": ")
		own, _, _ = strings.Cut(own, ".\n")
		if want := "`" + strings.Join(list, "` `") + "`"; strings.Join(strings.Fields(strings.ReplaceAll(own, ",", "")), " ") != want {
			t.Errorf("%s: docs/hosts.md has %s, want %s", kind, own, want)
		}
	}
}

func TestAWrongUserKeySaysWhatToDo(t *testing.T) {
	t.Parallel()
	target := newServer(shell, hostKey()).listen(t)
	_, err := dial(t.Context(), target, auth(t, otherKey(), line(target, hostKey())))
	wantError(t, err, "web1: deploy is not let in with this key", "~deploy/.ssh/authorized_keys")
}

func TestOtherHandshakeFailuresAreReportedUnchanged(t *testing.T) {
	t.Parallel()
	cause := errors.New("some protocol error")
	if err := (&login{}).explain(cause); !errors.Is(err, cause) || err.Error() != "SSH handshake: some protocol error" {
		t.Errorf("%v", err)
	}
}
