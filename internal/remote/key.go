package remote

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

var (
	errPassphraseMissing = errors.New("the key is protected by a passphrase")
	errPassphraseWrong   = errors.New("it does not open the key")
	errDSA               = errors.New("this is a DSA key, which OpenSSH no longer accepts: make one with ssh-keygen -t ed25519")
	errCipher            = errors.New("the key is encrypted in a way that Slipway cannot read: convert a copy of it with ssh-keygen -p -f KEY")
)

// parseKey reads a private key. It never returns an error of the parsers: those
// quote the text, and the text may be the key.
func parseKey(text, passphrase []byte) (any, error) {
	text = repair(text)
	if isDSA(string(text)) {
		return nil, errDSA
	}
	private, err := ssh.ParseRawPrivateKey(text)
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return decrypt(text, passphrase)
	}
	if err != nil {
		return nil, explainKey(string(text))
	}
	return private, nil
}

func decrypt(text, passphrase []byte) (any, error) {
	if len(passphrase) == 0 {
		return nil, errPassphraseMissing
	}
	private, err := ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase)
	// A secret that was stored with `echo ... |` ends with a line break.
	if trimmed := bytes.TrimRight(passphrase, "\r\n"); err != nil && len(trimmed) < len(passphrase) {
		private, err = ssh.ParseRawPrivateKeyWithPassphrase(text, trimmed)
	}
	switch {
	case err == nil:
		return private, nil
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, errPassphraseWrong
	case unreadableCipher.MatchString(err.Error()):
		return nil, errCipher
	}
	return nil, errPassphraseWrong // a wrong one decrypts to random bytes: any parser error means this
}

var (
	unreadableCipher = regexp.MustCompile(`cannot decode|unknown cipher|unknown KDF`)
	beginPrivate     = regexp.MustCompile(`(?m)^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----$`)
)

// repair undoes what pasting does to a key, where the repair is unambiguous:
// Windows line breaks, blanks around lines, a byte order mark, a missing last
// line break, and text before the key, such as EC parameters.
func repair(text []byte) []byte {
	s := strings.TrimPrefix(string(text), "\ufeff")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	s = strings.Join(lines, "\n") + "\n"
	if at := beginPrivate.FindStringIndex(s); at != nil {
		s = s[at[0]:]
	}
	return []byte(s)
}

// explainKey returns an error that says why a repaired text is not a private
// key.
func explainKey(text string) error {
	for _, mistake := range mistakes {
		if mistake.made(text) {
			return errors.New(mistake.advice)
		}
	}
	return errors.New("this is not a private key in OpenSSH or PEM format: paste the whole file, from its BEGIN line to its END line")
}

// mistakes lists the most certain diagnosis first.
var mistakes = []struct {
	made   func(text string) bool
	advice string
}{
	{
		func(s string) bool { return strings.TrimSpace(s) == "" },
		"the key is empty: paste the private key file as it is",
	},
	{
		contains("PuTTY-User-Key-File-"),
		"this is a key in PuTTY's format: export it in PuTTYgen (Conversions, Export OpenSSH key), or with puttygen KEY.ppk -O private-openssh -o KEY",
	},
	{contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"), errCipher.Error()},
	{
		contains(`\n`),
		`the key has the two characters \n where its line breaks should be: paste the file as it is`,
	},
	{
		func(s string) bool {
			return contains("-----BEGIN ")(s) && !strings.Contains(strings.TrimSpace(s), "\n")
		},
		"the key has no line breaks: paste the whole private key file as it is",
	},
	{func(s string) bool { return contains(" PUBLIC KEY--")(s) || contains(" PUBLIC KEY --")(s) }, thisIsPublic},
	{
		func(s string) bool { return contains("PRIVATE KEY-----")(s) && !contains("-----END ")(s) },
		"the key is cut off: its END line is missing; paste the whole file",
	},
	{
		func(s string) bool { return contains("PRIVATE KEY-----")(s) && !contains("-----BEGIN ")(s) },
		"the key is cut off: its BEGIN line is missing; paste the whole file",
	},
	{
		isKnownHosts,
		"this is a line of known_hosts: give the private key here, and the line as known-hosts",
	},
	{
		contains("-cert-v01@openssh.com "),
		"this is a certificate: give it as ssh-certificate, and the private key here",
	},
	{isPublic, thisIsPublic},
	{
		isDamaged,
		"the key is cut off or damaged: the text between its BEGIN and END lines is not a whole key; paste the whole file",
	},
}

const thisIsPublic = "this is the public half of a key: give the private one, the file whose name does not end in .pub"

func contains(part string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, part) }
}

// keyTypeDSA is the type of DSA keys. The SSH library no longer knows them;
// people, agents and old files still have them.
const keyTypeDSA = "ssh-dss"

func isDSA(text string) bool {
	block, _ := pem.Decode([]byte(text))
	return block != nil && (block.Type == "DSA PRIVATE KEY" || bytes.Contains(block.Bytes, []byte("\x00\x00\x00\x07"+keyTypeDSA)))
}

var privateTypes = []string{"OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"}

func isDamaged(text string) bool {
	return slices.ContainsFunc(privateTypes, func(name string) bool { return contains("-----BEGIN " + name + "-----")(text) })
}

func isPublic(text string) bool {
	_, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	return err == nil
}

// isKnownHosts must be asked before isPublic, which would take the host names
// for options of a public key.
func isKnownHosts(text string) bool {
	_, hosts, key, _, _, err := ssh.ParseKnownHosts([]byte(text))
	return err == nil && len(hosts) > 0 && key != nil && (strings.HasPrefix(hosts[0], "|") || !strings.ContainsAny(hosts[0], `="`))
}
