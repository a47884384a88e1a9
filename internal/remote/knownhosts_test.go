package remote

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

func keyPart(key any) string { return strings.TrimSpace(publicLine(key)) }

// Each case is a known_hosts file, with the error that it gives for an sshd with
// hostKey.
func TestLinesOfKnownHosts(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	name := "[127.0.0.1]:" + s.Port
	good, other := keyPart(hostKey()), keyPart(newHostKey())
	const unknown, changed, revoked = "is not in known-hosts", "has changed", "is declared as revoked"
	for what, c := range map[string]struct{ text, want string }{
		"[host]:port":             {name + " " + good, ""},
		"a comment behind":        {name + " " + good + " root@web1", ""},
		"hashed":                  {xknownhosts.HashHostname(name) + " " + good, ""},
		"hashed, another name":    {xknownhosts.HashHostname("web9") + " " + good, unknown},
		"a comment above":         {"# web\n\n" + name + " " + good, ""},
		"tabs":                    {name + "\t" + good, ""},
		"Windows line breaks":     {"# web\r\n" + name + " " + good + "\r\n", ""},
		"several names":           {"web9," + name + " " + good, ""},
		"several keys":            {name + " " + other + "\n" + name + " " + good, ""},
		"several kinds":           {name + " " + keyPart(rsaKey()) + "\n" + name + " " + good, ""},
		"a pattern":               {"[127.0.0.*]:* " + good, unknown}, // stricter than OpenSSH
		"a pattern without port":  {"127.0.0.* " + good, ""},
		"all but this one":        {"*,!" + name + " " + good, unknown},
		"another port":            {"[127.0.0.1]:1 " + good, unknown},
		"no port":                 {"127.0.0.1 " + good, unknown},
		"another key":             {name + " " + other, changed},
		"another kind":            {name + " " + keyPart(rsaKey()), "no host key of a type that known-hosts declares for it; nothing was sent. Declared: ssh-rsa (line 1); it offers ssh-ed25519"},
		"a DSA key beside it":     {name + " ssh-dss AAAA\n@revoked * ssh-dss AAAA\n" + name + " " + good, ""},
		"a DSA key alone":         {name + " ssh-dss AAAA", unknown},
		"revoked":                 {name + " " + good + "\n@revoked * " + good, revoked},
		"revoked alone":           {"@revoked * " + good, revoked},
		"another one revoked":     {name + " " + good + "\n@revoked * " + other, ""},
		"the key of an authority": {"@cert-authority " + name + " " + good + "\n" + name + " " + other, changed},
	} {
		err := s.logIn(t, Credentials{Key: pemOf(userKey()), KnownHosts: []byte(c.text)})
		if c.want == "" && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if c.want != "" {
			wantError(t, err, "web1: ", c.want)
			t.Logf("%s: %v", what, err)
		}
	}
}

func TestMalformedLinesAreNamedTogether(t *testing.T) {
	t.Parallel()
	good := "web1 " + keyPart(hostKey())
	lines := []string{
		good,
		keyPart(hostKey()),
		"# a comment",
		"web1 ssh-ed25519",
		good[:len(good)-20],
		"@trusted " + good,
		"@revoked @cert-authority " + good,
		"|1|abc " + keyPart(hostKey()),
		"web1 is not here",
		"web1 ssh-rsa " + strings.Fields(good)[2],
		good,
	}
	_, err := parseKnownHosts([]byte(strings.Join(lines, "\n")))
	var want []string
	for number, reason := range map[int]string{
		2: "a public key without the host's name", 4: "not 'NAME TYPE KEY'", 5: "its key is cut off", 6: "a marker other than",
		7: "a marker other than", 8: "its hashed name", 9: "its second word", 10: "of an unknown type",
	} {
		want = append(want, fmt.Sprintf("known-hosts: line %d: ", number), reason)
	}
	wantError(t, err, want...)
	if n := strings.Count(err.Error(), "\n") + 1; n != 8 {
		t.Errorf("%d lines: %v", n, err)
	}
}

func TestManyMalformedLinesAreCutShort(t *testing.T) {
	t.Parallel()
	_, err := parseKnownHosts([]byte(strings.Repeat("x\n", 10_000)))
	wantError(t, err, "line 1: ", "line 10: ", "and perhaps more")
	_, err = parseKnownHosts([]byte("# web\n" + strings.Repeat("x", 100_000)))
	wantError(t, err, "known-hosts: line 2: it is too long")
}

func TestAPrivateKeyAsKnownHostsIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for _, text := range []string{string(pemOf(userKey())), strings.ReplaceAll(string(pemOf(userKey())), "\n", " ")} {
		_, err := parseKnownHosts([]byte(text))
		wantError(t, err, "known-hosts: line 1: this is a private key: give it as ssh-key")
		if part := repeated(err.Error(), []byte(text)); part != "" {
			t.Errorf("%v repeats %q", err, part)
		}
	}
}

// An sshd with a host certificate is trusted by the line of its authority.
func TestHostCertificates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sign  []string
		known string // %s stands for the host's name and port
		want  string
	}{
		"good":              {[]string{"-n", "127.0.0.1"}, "@cert-authority %s CA", ""},
		"for no name":       {nil, "@cert-authority %s CA", "its host certificate names no host: have one signed for 127.0.0.1"},
		"a pattern":         {[]string{"-n", "127.0.0.1"}, "@cert-authority * CA", ""},
		"and a plain line":  {[]string{"-n", "127.0.0.1"}, "@cert-authority %s CA\n%s OTHER", ""},
		"expired":           {[]string{"-V", "20200101000000Z:20200102000000Z"}, "@cert-authority %s CA", "its host certificate cannot be trusted: the certificate expired at 2020-01-02"},
		"not valid yet":     {[]string{"-V", "20990101000000Z:20990102000000Z"}, "@cert-authority %s CA", "not valid yet: it begins at 2099-01-01"},
		"of another host":   {[]string{"-n", "web9,web8"}, "@cert-authority %s CA", "its host certificate is for web9, web8, not for 127.0.0.1"},
		"another authority": {nil, "@cert-authority %s OTHER", "which no @cert-authority line in known-hosts declares for it"},
		"of another name":   {nil, "@cert-authority web9 CA", "is not in known-hosts"},
		"its key, plain":    {nil, "%s HOST", ""},
		"authority revoked": {nil, "@cert-authority %s CA\n@revoked * CA", "is declared as revoked"},
		"host key revoked":  {nil, "@cert-authority %s CA\n@revoked * HOST", "is declared as revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keygen(t, dir, "-t", "ed25519", "-N", "", "-f", "ca")
			keygen(t, dir, "-t", "ecdsa", "-N", "", "-f", "host") // of another type than its authority
			args := append([]string{"-s", "ca", "-h", "-I", "host"}, c.sign...)
			keygen(t, dir, append(args, "host.pub")...)
			s := startSSHD(t, "HostKey "+filepath.Join(dir, "host"), "HostCertificate "+filepath.Join(dir, "host-cert.pub"))
			public := func(file string) string { return strings.TrimSpace(string(read(t, dir, file))) }
			known := strings.NewReplacer("%s", "[127.0.0.1]:"+s.Port, "CA", public("ca.pub"), "OTHER", keyPart(otherKey()), "HOST", public("host.pub")).Replace(c.known)
			err := s.logIn(t, Credentials{Key: pemOf(userKey()), KnownHosts: []byte(known)})
			if c.want == "" {
				must(t, err)
			} else {
				wantError(t, err, "web1: ", c.want)
				t.Log(err)
			}
		})
	}
}

func TestAHostCertificateSignedWithSHA1IsRefused(t *testing.T) {
	t.Parallel()
	ca := check(ssh.NewSignerWithAlgorithms(signer(rsaKey()).(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA}))
	c := &ssh.Certificate{Key: signer(hostKey()).PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity}
	must(t, c.SignCert(rand.Reader, ca))
	s := newServer(shell)
	s.config.AddHostKey(check(ssh.NewCertSigner(c, signer(hostKey()))))
	target := s.listen(t)
	_, err := dial(t.Context(), target, auth(t, userKey(), "@cert-authority * "+keyPart(rsaKey())))
	wantError(t, err, "web1: its host certificate cannot be trusted", "SHA-1")
}
