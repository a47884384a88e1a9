package remote

import (
	"regexp"
	"strings"
	"testing"

	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// No key causes a panic or appears in the error that explains it. The seeds
// include the mistakes that people make.
func FuzzKey(f *testing.F) {
	good := string(pemOf(userKey()))
	for _, text := range []string{
		good, string(pemOf(ecdsaKey())), string(pemOf(rsaKey())), pkcs8(userKey()), publicLine(userKey()), "web1 " + publicLine(userKey()),
		strings.ReplaceAll(good, "\n", `\n`), strings.ReplaceAll(good, "\n", " "), strings.ReplaceAll(good, "\n", "\r\n"),
		good[:len(good)/2], good[40:], "PuTTY-User-Key-File-3: ssh-ed25519\n", "-----BEGIN " + good[60:100] + "-----\nAAAA\n-----END " + good[60:100] + "-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
	} {
		f.Add([]byte(text), []byte(""))
		f.Add([]byte(text), []byte("secret"))
	}
	f.Fuzz(func(t *testing.T, key, passphrase []byte) {
		_, err := NewAuth(Credentials{Key: key, Passphrase: passphrase})
		_, certErr := parseCertificate(key)
		_, knownErr := parseKnownHosts(key)
		for _, err := range []error{err, certErr, knownErr} {
			if err == nil {
				continue
			}
			if part := repeatedBeyond(constant, err.Error(), key); part != "" {
				t.Errorf("%q repeats %q", err, part)
			}
		}
	})
}

// constant is the fixed text of all explanations.
var constant = func() string {
	var all strings.Builder
	for _, mistake := range mistakes {
		all.WriteString(mistake.advice + "\n")
	}
	return all.String()
}()

// repeatedBeyond returns 12 bytes of a key's base64 that a text contains, unless
// they are part of the fixed text.
func repeatedBeyond(constant, text string, key []byte) string {
	for _, run := range regexp.MustCompile(`[A-Za-z0-9+/=]{12,}`).FindAllString(string(key), -1) {
		for i := 0; i+12 <= len(run); i++ {
			part := run[i : i+12]
			if strings.Contains(text, part) && !strings.Contains(constant, part) {
				return part
			}
		}
	}
	return ""
}

// No known_hosts file causes a panic. An error names a line, and the keys of an
// accepted file can be looked up.
func FuzzKnownHosts(f *testing.F) {
	good := keyPart(hostKey())
	for _, text := range []string{
		"", "web1 " + good, "[web1]:2222,10.0.0.1 " + good + " comment\r\n# x\n\n" + xknownhosts.HashHostname("web1") + " " + good,
		"@cert-authority *.example.com,!x " + good + "\n@revoked * " + keyPart(rsaKey()), good, "web1 " + good[:40],
		"@revoked", "@cert-authority", "| " + good, "|1|| " + good, ", " + good, "! " + good, "[ " + good, "\x00 " + good, "*:22 " + good, "\v \v\f",
		"a b", "web1 ssh-dss AAAA\nx\n\rx", "\ufeffweb1 " + good,
	} {
		f.Add([]byte(text))
	}
	numbered := regexp.MustCompile(`^known-hosts: (line [1-9][0-9]*: |and perhaps more$)`)
	f.Fuzz(func(t *testing.T, text []byte) {
		known, err := parseKnownHosts(text)
		if err == nil {
			for _, addr := range []string{"web1:22", "web1:2222", "[::1]:22"} {
				for _, key := range known.lookup(addr) {
					if key.line < 1 || key.line > len(known.lines) {
						t.Errorf("%+v", key)
					}
				}
				if len(known.algorithms(addr)) == 0 {
					t.Errorf("%s: no algorithms", addr)
				}
				known.check(Target{"deploy", "web1", "22"}, signer(hostKey()).PublicKey())
			}
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !numbered.MatchString(line) {
				t.Errorf("%q", line)
			}
		}
	})
}
