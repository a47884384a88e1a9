package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// explainConnect turns the error of a failed TCP connection into one that says
// what to do.
func explainConnect(err error, addr string) error {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("cannot connect: %w", context.Canceled)
	case isDNS && dns.IsNotFound:
		return fmt.Errorf("cannot connect: there is no host named %s: is the name spelled right, and does this machine's DNS know it?", dns.Name)
	case isDNS:
		return fmt.Errorf("cannot connect: cannot look up the name %s: %w", dns.Name, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("cannot connect: nothing listens on %s (connection refused): is sshd running, is that its port, and does something like fail2ban bar this machine's address?", addr)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Errorf("cannot connect: there is no route to %s: is the host up, and is a firewall or a VPN in the way? (%w)", addr, err)
	case errors.Is(err, context.DeadlineExceeded), isTimeout && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("cannot connect: no answer from %s within %s: is the host up, and does a firewall let this machine in? (%w)", addr, dialTimeout, err)
	}
	return fmt.Errorf("cannot connect: %w", err)
}

// explain turns the error of a failed login into one that says what to do.
func (l *login) explain(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	hostKey, isHostKey := errors.AsType[*HostKeyError](err)
	negotiation, isNegotiation := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	switch text := err.Error(); {
	case isHostKey:
		return hostKey
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("SSH handshake with %s: %w", l.target.addr(), err)
	case isNegotiation:
		return l.explainNegotiation(negotiation)
	case l.stage > connected:
		return l.explainAuth(err, text)
	case l.isSomethingElse():
		return fmt.Errorf("what answers at %s is not an SSH server (it says %s): is that the port of sshd?", l.target.addr(), l.greeting())
	case errors.Is(err, errSilent):
		return l.silent()
	case l.isBarred():
		return l.barred()
	case lost(err):
		return fmt.Errorf("%s accepts connections and closes them before an SSH handshake%s: is it an SSH server, does it accept connections from here, and does it have too many at once (MaxStartups)?", l.target.addr(), l.parting())
	}
	return fmt.Errorf("SSH handshake: %w", err)
}

func (l *login) silent() error {
	return fmt.Errorf("%s accepts connections, but did not complete an SSH handshake within %s", l.target.addr(), dialTimeout)
}

// lost reports whether the peer ended the connection. When a write fails, the
// library closes the connection and may return that error instead.
func lost(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// isSomethingElse reports whether the peer sent something other than SSH. The
// text that sshd sends when it turns a connection away does not count.
func (l *login) isSomethingElse() bool {
	said := strings.TrimSpace(string(l.heard))
	return said != "" && !strings.HasPrefix(said, "SSH-") && !strings.Contains(said, "\nSSH-") && !l.turnedAway()
}

func (l *login) turnedAway() bool {
	said := string(l.heard)
	return strings.Contains(said, "Exceeded MaxStartups") || l.isBarred()
}

// isBarred reports whether sshd punishes the address that the connection came from.
func (l *login) isBarred() bool { return strings.Contains(string(l.heard), "Not allowed at this time") }

// barred says for how long. Nothing but sshd's own log has the very time.
func (l *login) barred() error {
	return fmt.Errorf("%s bars this machine's address for now%s: sshd punishes failed and broken logins (PerSourcePenalties), and others may share the address. By default that ends between 15 s and 10 min after the last of them. See what fails there (journalctl -u ssh), or name the address in PerSourcePenaltyExemptList in its sshd_config",
		l.target.addr(), l.parting())
}

// greeting returns the first line that a peer sent, or its protocol if that is
// known.
func (l *login) greeting() string {
	if len(l.heard) > 2 && (l.heard[0] == 0x15 || l.heard[0] == 0x16) && l.heard[1] == 3 {
		return "something in TLS"
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(l.heard)), "\n")
	return fmt.Sprintf("%q", printable(first, 40))
}

// parting returns the reason that sshd gave for turning the connection away, or
// "".
func (l *login) parting() string {
	if l.turnedAway() {
		return fmt.Sprintf(" (it says %q)", printable(string(l.heard), 40))
	}
	return ""
}

func (l *login) explainNegotiation(e *ssh.AlgorithmNegotiationError) error {
	if e.What != "host key" {
		return differ(e)
	}
	var declared []string
	for _, key := range l.auth.known.lookup(l.target.addr()) {
		kind := key.Type()
		if key.authority {
			kind = "@cert-authority"
		}
		declared = append(declared, fmt.Sprintf("%s (line %d)", kind, key.line))
	}
	if len(declared) == 0 {
		return differ(e)
	}
	return fmt.Errorf("it has no host key of a type that known-hosts declares for it; nothing was sent. Declared: %s; it offers %s. If the host was reinstalled, replace its lines with the output of ssh-keyscan, once you have verified it",
		strings.Join(unique(declared), ", "), listed(e.RequestedAlgorithms))
}

// differ says which side lacks the other one's algorithms. The server is the older
// one if it offers nothing but what is no longer safe.
func differ(e *ssh.AlgorithmNegotiationError) error {
	option := map[string]string{"key exchange": "KexAlgorithms", "host key": "HostKeyAlgorithms"}[e.What]
	switch {
	case strings.HasSuffix(e.What, "cipher"):
		option = "Ciphers"
	case strings.HasSuffix(e.What, "MAC"):
		option = "MACs"
	}
	why, remedy := "the server is too old", "update its OpenSSH, or allow one of Slipway's in "+option+" in its sshd_config"
	if slices.ContainsFunc(named(e.RequestedAlgorithms), isCurrent) {
		why, remedy = "Slipway lacks those that the server allows", "add one of Slipway's to "+option+" in its sshd_config, or use a newer Slipway"
	}
	return fmt.Errorf("no common algorithm for %s: %s; it offers only %s. Slipway has %s: %s", e.What, why, listed(e.RequestedAlgorithms), listed(e.SupportedAlgorithms), remedy)
}

// isCurrent reports whether an algorithm is not known to be unsafe.
func isCurrent(algorithm string) bool {
	old := ssh.InsecureAlgorithms()
	for _, list := range [][]string{old.KeyExchanges, old.Ciphers, old.MACs, old.HostKeys} {
		if slices.Contains(list, algorithm) {
			return false
		}
	}
	return !outdated.MatchString(algorithm)
}

// outdated matches algorithms that package ssh does not have at all.
var outdated = regexp.MustCompile(`sha1\b|md5|-cbc\b|arcfour|ripemd|umac-64|ssh-rsa\b|ssh-dss|blowfish|cast128`)

// named returns algorithms without the flags that travel in the same list.
func named(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(name string) bool {
		return strings.HasPrefix(name, "ext-info-") || strings.HasPrefix(name, "kex-strict-")
	})
}

func listed(list []string) string { return printable(strings.Join(named(list), ", "), 300) }

// explainAuth explains a login that a trusted host refused.
func (l *login) explainAuth(err error, text string) error {
	user := l.target.User
	switch {
	case errors.Is(err, errSilent) && l.stage == signing && l.auth.agent != nil:
		return fmt.Errorf("the SSH agent did not sign within %s: is it waiting for someone to confirm?", dialTimeout)
	case errors.Is(err, errSilent):
		return l.silent()
	case strings.Contains(text, "oo many authentication failures"), lost(err) && len(l.auth.signers) > 2:
		return fmt.Errorf("the server ends the login of %s after too many keys; %d were offered: give ssh-key, or leave one key in the SSH agent", user, len(l.auth.signers))
	case l.partial:
		return fmt.Errorf("the server takes the key of %s and asks for %s as well: Slipway logs in with keys alone; see AuthenticationMethods in its sshd_config", user, l.ways())
	case l.allowed != nil && !slices.Contains(l.allowed, "publickey"):
		return fmt.Errorf("the server offers only %s: Slipway logs in with keys alone; enable PubkeyAuthentication in its sshd_config", l.ways())
	case strings.Contains(text, "no common public key signature algorithm"):
		return errors.New("the server takes no RSA key with a SHA-2 signature: its OpenSSH is older than 7.2, or PubkeyAcceptedAlgorithms in its sshd_config has no rsa-sha2-512; use an ed25519 key, or change that")
	case strings.Contains(text, "agent: "):
		return fmt.Errorf("the SSH agent does not sign: %w", err)
	case strings.Contains(text, "unable to authenticate"):
		return l.refused()
	case lost(err):
		return fmt.Errorf("%s ended the connection while %s logged in: see its log (journalctl -u ssh)", l.target.addr(), user)
	}
	return fmt.Errorf("SSH login as %s: %w", user, err)
}

func (l *login) ways() string { return printable(strings.Join(l.allowed, "/"), 100) }

func (l *login) refused() error {
	user := l.target.User
	advice := fmt.Sprintf("add its public half to ~%s/.ssh/authorized_keys on the host (the server offers no other way that Slipway uses)", user)
	switch c := l.auth.certificate; {
	case c != nil:
		return fmt.Errorf("%s is not let in with this certificate: the host must trust its CA %s (TrustedUserCAKeys), and %s must be among its principals (%s)",
			user, ssh.FingerprintSHA256(c.SignatureKey), user, printable(strings.Join(c.ValidPrincipals, ", "), 200))
	case l.auth.agent != nil:
		return fmt.Errorf("%s is not let in with any of the %d keys in the SSH agent: choose one and %s", user, len(l.auth.signers), advice)
	}
	return fmt.Errorf("%s is not let in with this key: %s", user, advice)
}
