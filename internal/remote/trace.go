package remote

import (
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// tracer says how a connection comes about. It is given addresses, names and
// fingerprints: never a key, a command or what it prints.
type tracer struct {
	name string
	to   func(format string, args ...any) // nil: nobody
}

func (t tracer) say(format string, args ...any) {
	if t.to != nil {
		t.to("%s: "+format, append([]any{t.name}, args...)...)
	}
}

// tracedSigner says which of the offered keys the server accepts: it is asked
// for a signature of no other.
type tracedSigner struct {
	ssh.MultiAlgorithmSigner
	login *login
}

func (l *login) algorithms(a ssh.NegotiatedAlgorithms) {
	l.say("key exchange %s, host key %s, cipher %s, MAC %s", a.KeyExchange, a.HostKey, a.Write.Cipher, mac(a.Write))
}

// mac is empty in the negotiation if the cipher authenticates by itself.
func mac(a ssh.DirectionAlgorithms) string {
	if a.MAC == "" {
		return "implicit"
	}
	return a.MAC
}

// printable is what a peer said, for a message: on one line, without control
// characters, and not longer than max bytes.
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
