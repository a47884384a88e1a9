package remote

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// pkcs8 returns the key in PKCS #8.
func pkcs8(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: check(x509.MarshalPKCS8PrivateKey(key))}))
}

func publicLine(key any) string { return string(ssh.MarshalAuthorizedKey(signer(key).PublicKey())) }

// A key logs in in every format that ssh-keygen writes, also after it was mangled
// by pasting in a way that can be repaired.
func TestKeysLogIn(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	dir := t.TempDir()
	keygen(t, dir, "-t", "ed25519", "-N", "", "-f", "ed25519")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-N", "", "-f", "rsa")
	keygen(t, dir, "-t", "ecdsa", "-N", "", "-f", "ecdsa")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", "rsa-pem")
	keygen(t, dir, "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", "ecdsa-pem")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "", "-f", "pkcs8")
	keygen(t, dir, "-t", "ed25519", "-N", "secret", "-f", "locked")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret", "-f", "locked-pem")
	good := string(read(t, dir, "ed25519"))
	keys := map[string]Credentials{
		"with a passphrase":                       {Key: read(t, dir, "locked"), Passphrase: []byte("secret")},
		"with a passphrase and its line break":    {Key: read(t, dir, "locked"), Passphrase: []byte("secret\n")},
		"PEM with a passphrase":                   {Key: read(t, dir, "locked-pem"), Passphrase: []byte("secret")},
		"a passphrase that the key does not need": {Key: []byte(good), Passphrase: []byte("secret")},
		"PKCS#8, ed25519":                         {Key: []byte(pkcs8(userKey()))},
	}
	for _, name := range []string{"ed25519", "rsa", "ecdsa", "rsa-pem", "ecdsa-pem", "pkcs8"} {
		keys[name] = Credentials{Key: read(t, dir, name)}
	}
	for name, text := range map[string]string{
		"line breaks of Windows":  strings.ReplaceAll(good, "\n", "\r\n"),
		"line breaks of old Macs": strings.ReplaceAll(good, "\n", "\r"),
		"no last line break":      strings.TrimSpace(good),
		"blank lines around":      "\n \n" + good + "\n\t\n",
		"indented":                "    " + strings.ReplaceAll(good, "\n", "\n    "),
		"blanks after lines":      strings.ReplaceAll(good, "\n", "  \n"),
		"a byte order mark":       "\ufeff" + good,
		"EC parameters before it": "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + string(read(t, dir, "ecdsa-pem")),
	} {
		keys[name] = Credentials{Key: []byte(text)}
	}
	allowed := []string{publicLine(userKey())}
	for _, name := range []string{"ed25519", "rsa", "ecdsa", "rsa-pem", "ecdsa-pem", "pkcs8", "locked", "locked-pem"} {
		allowed = append(allowed, string(read(t, dir, name+".pub")))
	}
	s.allow(t, allowed...)
	for name, c := range keys {
		if err := s.logIn(t, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRSAKeysSignWithoutSHA1(t *testing.T) {
	t.Parallel()
	key := check(parseSigner(pemOf(rsaKey()), nil))
	for algorithm, want := range map[string]bool{ssh.KeyAlgoRSA: false, ssh.KeyAlgoRSASHA256: true, ssh.KeyAlgoRSASHA512: true} {
		if _, err := key.SignWithAlgorithm(rand.Reader, []byte("data"), algorithm); (err == nil) != want {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
	old := newServer(shell, hostKey())
	old.config.PublicKeyAuthAlgorithms = []string{ssh.KeyAlgoRSA}
	target := old.listen(t)
	_, err := dial(t.Context(), target, auth(t, rsaKey(), line(target, hostKey())))
	wantError(t, err, "web1: the server takes no RSA key with a SHA-2 signature: its OpenSSH is older than 7.2, or PubkeyAcceptedAlgorithms")
}

// dsaKey returns just enough of a DSA key to recognise it: ssh-keygen no longer
// makes them.
func dsaKey(name string, data []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: name, Bytes: data}))
}

type mangledKey struct {
	c    Credentials
	want string
}

// mangled returns every mistake that people make when they paste a key.
func mangled(t *testing.T, dir string) map[string]mangledKey {
	t.Helper()
	keygen(t, dir, "-t", "ed25519", "-N", "", "-f", "good")
	keygen(t, dir, "-t", "ed25519", "-N", "secret", "-f", "locked")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret", "-f", "locked-pem")
	keygen(t, dir, "-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "secret", "-f", "locked-pkcs8")
	keygen(t, dir, "-t", "ed25519", "-Z", "aes128-gcm@openssh.com", "-N", "secret", "-f", "locked-gcm")
	keygen(t, dir, "-s", "good", "-I", "me", "-n", "deploy", "good.pub")
	file := func(name string) string { return string(read(t, dir, name)) }
	good := file("good")
	lines := strings.Split(good, "\n")
	key := func(text, want string) mangledKey { return mangledKey{Credentials{Key: []byte(text)}, want} }
	with := func(name, passphrase, want string) mangledKey {
		return mangledKey{Credentials{Key: read(t, dir, name), Passphrase: []byte(passphrase)}, want}
	}
	return map[string]mangledKey{
		"nothing":                      key("", "ssh-key: missing: give ssh-key, or start ssh-agent (SSH_AUTH_SOCK)"),
		"blanks":                       key(" \n\n", "ssh-key: missing"),
		"no passphrase":                with("locked", "", "ssh-key: the key is protected by a passphrase: give it as ssh-passphrase"),
		"no passphrase, PEM":           with("locked-pem", "", "ssh-key: the key is protected by a passphrase"),
		"a wrong passphrase":           with("locked", "Secret", "ssh-passphrase: it does not open the key"),
		"a wrong passphrase, PEM":      with("locked-pem", "Secret", "ssh-passphrase: it does not open the key"),
		"an encrypted PKCS#8 key":      with("locked-pkcs8", "secret", "ssh-key: the key is encrypted in a way that Slipway cannot read: convert a copy of it with ssh-keygen -p"),
		"a cipher that is not known":   with("locked-gcm", "secret", "ssh-key: the key is encrypted in a way that Slipway cannot read"),
		"line breaks as text":          key(strings.ReplaceAll(good, "\n", `\n`), `ssh-key: the key has the two characters \n`),
		"some line breaks as text":     key(strings.ReplaceAll(good, lines[1]+"\n", lines[1]+`\n`), `ssh-key: the key has the two characters \n`),
		"line breaks as blanks":        key(strings.ReplaceAll(good, "\n", " "), "ssh-key: the key has no line breaks"),
		"no line breaks":               key(strings.ReplaceAll(good, "\n", ""), "ssh-key: the key has no line breaks"),
		"no END":                       key(strings.Join(lines[:4], "\n"), "ssh-key: the key is cut off: its END line is missing"),
		"no BEGIN":                     key(strings.Join(lines[1:], "\n"), "ssh-key: the key is cut off: its BEGIN line is missing"),
		"a line less":                  key(strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), "\n"), "ssh-key: the key is cut off or damaged"),
		"no lines":                     key(lines[0]+"\n"+strings.Join(lines[len(lines)-2:], "\n"), "ssh-key: the key is cut off or damaged"),
		"a letter less":                key(strings.Replace(good, lines[2], lines[2][1:], 1), "ssh-key: the key is cut off or damaged"),
		"the public half":              key(file("good.pub"), "ssh-key: this is the public half of a key"),
		"a public key in PEM":          key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "ssh-key: this is the public half of a key"),
		"the public half, RFC 4716":    key("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", "ssh-key: this is the public half of a key"),
		"PuTTY":                        key("PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\nPublic-Lines: 2\r\nAAAA\r\nPrivate-Lines: 1\r\nAAAA\r\n", "ssh-key: this is a key in PuTTY's format"),
		"DSA":                          key(dsaKey("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00...\x00\x00\x00\x07ssh-dss...")), "ssh-key: this is a DSA key, which OpenSSH no longer accepts: make one with ssh-keygen -t ed25519"),
		"DSA, PEM":                     key(dsaKey("DSA PRIVATE KEY", check(asn1.Marshal([]int{0, 23, 11, 4, 8, 3}))), "ssh-key: this is a DSA key"),
		"DSA, PEM with a passphrase":   key(strings.Replace(dsaKey("DSA PRIVATE KEY", make([]byte, 16)), "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"+strings.Repeat("00", 16)+"\n\n", 1), "ssh-key: this is a DSA key"),
		"the certificate":              key(file("good-cert.pub"), "ssh-key: this is a certificate: give it as ssh-certificate"),
		"a line of known_hosts":        key("web1 "+file("good.pub"), "ssh-key: this is a line of known_hosts"),
		"a hashed line of known_hosts": key("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= "+file("good.pub"), "ssh-key: this is a line of known_hosts"),
		"a certificate authority":      key("@cert-authority *.example.com "+file("good.pub"), "ssh-key: this is a line of known_hosts"),
		"an unknown PEM type":          key(strings.ReplaceAll(good, "OPENSSH", "CLOSED"), "ssh-key: this is not a private key in OpenSSH or PEM format"),
		"a word":                       key("hunter2", "ssh-key: this is not a private key in OpenSSH or PEM format"),
	}
}

func TestMangledKeysAreExplainedAndNotRepeated(t *testing.T) {
	t.Parallel()
	all := mangled(t, t.TempDir())
	for name, c := range all {
		_, err := NewAuth(c.c)
		wantError(t, err, c.want)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if part := repeated(err.Error(), c.c.Key); part != "" {
			t.Errorf("%s: %q repeats %q", name, err, part)
		}
	}
}

// repeated returns the first 12 bytes of a key's secret lines that a text
// contains, or "".
func repeated(text string, key []byte) string {
	for _, line := range strings.Fields(strings.ReplaceAll(string(key), `\n`, "\n")) {
		if strings.HasPrefix(line, "-----") || strings.Contains(line, "-cert-v01") {
			continue
		}
		for i := 0; i+12 <= len(line); i++ {
			if strings.Contains(text, line[i:i+12]) {
				return line[i : i+12]
			}
		}
	}
	return ""
}
