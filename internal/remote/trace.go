package remote

import (
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// tracer reports the steps of a connection. It is given addresses, names and
// fingerprints, but never a key, a command or a command's output.
type tracer struct {
	name string
	to   func(format string, args ...any) // may be nil
}

func (t tracer) say(format string, args ...any) {
	if t.to != nil {
		t.to("%s: "+format, append([]any{t.name}, args...)...)
	}
}

// tracedSigner reports which of the offered keys the server accepts: a signature
// is requested only for that one.
type tracedSigner struct {
	ssh.MultiAlgorithmSigner
	login *login
}

func (l *login) algorithms(a ssh.NegotiatedAlgorithms) {
	l.say("key exchange %s, host key %s, cipher %s, MAC %s", a.KeyExchange, a.HostKey, a.Write.Cipher, mac(a.Write))
}

// mac returns the MAC's name. The negotiation names none if the cipher itself
// authenticates.
func mac(a ssh.DirectionAlgorithms) string {
	if a.MAC == "" {
		return "implicit"
	}
	return a.MAC
}

// printable makes a peer's text safe for a message: one line of ASCII, without
// control characters, cut after max bytes.
func printable(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > max {
		return s[:max] + "..."
	}
	return s
}
