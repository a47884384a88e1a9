package remote

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// HostKeyError reports a host key that known-hosts does not declare for the
// host, or one that must not be trusted although it is declared.
type HostKeyError struct {
	Target   Target
	Seen     ssh.PublicKey
	Expected []knownhosts.PublicKey // empty if none is declared
	Reason   string                 // any other reason to refuse the key, or ""
}

func (e *HostKeyError) Error() string {
	line := knownhosts.Line([]string{e.Target.addr()}, e.Seen)
	seen := e.Seen.Type() + " " + ssh.FingerprintSHA256(e.Seen)
	switch {
	case e.Reason != "":
		return fmt.Sprintf("%s; nothing was sent (its host key is %s)", e.Reason, seen)
	case len(e.Expected) == 0:
		return fmt.Sprintf("its host key %s is not in known-hosts; nothing was sent. If that is the host's key (on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), add this line:\n%s", seen, line)
	}
	var expected []string
	for _, key := range e.Expected {
		name := key.Type() + " " + ssh.FingerprintSHA256(key)
		if key.Cert {
			name = "a certificate by " + name
		}
		expected = append(expected, name)
	}
	return fmt.Sprintf("its host key has changed, or someone is intercepting the connection; nothing was sent. Expected %s, seen %s. If the host was reinstalled, replace its line in known-hosts with:\n%s",
		strings.Join(expected, " or "), seen, line)
}

// algorithms returns the algorithms of the keys that are declared for a host,
// so that a host with several keys presents a declared one.
func (h *hostKeys) algorithms(addr string) []string {
	supported := ssh.SupportedAlgorithms().HostKeys
	var plain, certificates, wanted []string
	for _, algorithm := range supported {
		if strings.Contains(algorithm, "-cert-") {
			certificates = append(certificates, algorithm)
		} else {
			plain = append(plain, algorithm)
		}
	}
	for _, key := range h.lookup(addr) {
		switch {
		case key.authority: // it may have signed a key of any type
			wanted = append(wanted, certificates...)
		case key.Type() == ssh.KeyAlgoRSA:
			wanted = append(wanted, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		case slices.Contains(supported, key.Type()):
			wanted = append(wanted, key.Type())
		}
	}
	if len(wanted) > 0 {
		return unique(wanted)
	}
	// No usable key is declared, so the host's key will be refused. Ask for
	// ed25519 first: that is the key that people compare with the message.
	slices.SortStableFunc(plain, func(a, b string) int {
		return cmp.Compare(strings.Index(b, "ed25519"), strings.Index(a, "ed25519"))
	})
	return plain
}

func unique(list []string) []string {
	var kept []string
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// check returns the line of known-hosts because of which the host is trusted,
// or a HostKeyError.
func (h *hostKeys) check(t Target, key ssh.PublicKey) (line int, err error) {
	err = h.db.HostKeyCallback()(t.addr(), nowhere{}, key)
	if _, revoked := errors.AsType[*xknownhosts.RevokedError](err); revoked {
		return 0, &HostKeyError{Target: t, Seen: key, Reason: "its host key is declared as revoked (@revoked in known-hosts): give the host a new one"}
	}
	if certificate, ok := key.(*ssh.Certificate); ok {
		return h.checkCertificate(t, certificate, err)
	}
	all := h.lookup(t.addr())
	for _, known := range all {
		// An authority's key only signs: no host may present it as its own.
		if !known.authority && bytes.Equal(known.Marshal(), key.Marshal()) && err == nil {
			return known.line, nil
		}
	}
	return 0, &HostKeyError{Target: t, Seen: key, Expected: public(all)}
}

func public(all []declared) []knownhosts.PublicKey {
	var keys []knownhosts.PublicKey
	for _, key := range all {
		keys = append(keys, knownhosts.PublicKey{PublicKey: key.PublicKey, Cert: key.authority})
	}
	return keys
}

// checkCertificate checks a host's certificate and explains what is wrong with it.
// The argument err is the error that the parser found.
func (h *hostKeys) checkCertificate(t Target, c *ssh.Certificate, err error) (int, error) {
	refuse := func(format string, args ...any) (int, error) {
		return 0, &HostKeyError{Target: t, Seen: c.Key, Reason: fmt.Sprintf(format, args...)}
	}
	var authority *declared
	for _, known := range h.lookup(t.addr()) {
		if known.authority && bytes.Equal(known.Marshal(), c.SignatureKey.Marshal()) {
			authority = &known
			break
		}
	}
	problem := usable(c, time.Now())
	switch {
	case c.CertType != ssh.HostCert:
		return refuse("its certificate is for a user, not for a host")
	case authority == nil:
		return refuse("its host certificate is signed by %s %s, which no @cert-authority line in known-hosts declares for it", c.SignatureKey.Type(), ssh.FingerprintSHA256(c.SignatureKey))
	case err != nil && strings.Contains(err.Error(), "revoked"):
		return refuse("its host certificate or the key that signed it is declared as revoked (@revoked in known-hosts)")
	case problem != nil:
		return refuse("its host certificate cannot be trusted: %v", problem)
	case len(c.ValidPrincipals) == 0:
		return refuse("its host certificate names no host: have one signed for %s (ssh-keygen -h -n %s)", t.Host, t.Host)
	case !slices.Contains(c.ValidPrincipals, t.Host):
		return refuse("its host certificate is for %s, not for %s: use one of those names, or have a certificate signed for this one (ssh-keygen -h -n %s)", printable(strings.Join(c.ValidPrincipals, ", "), 200), t.Host, t.Host)
	case err != nil:
		return refuse("its host certificate cannot be trusted: %s", printable(err.Error(), 200))
	}
	return authority.line, nil
}
