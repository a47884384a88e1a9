package remote

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys are the lines of known_hosts.
type hostKeys struct {
	db    *knownhosts.HostKeyDB
	lines []string
}

// declared is a key that a line declares for a host.
type declared struct {
	ssh.PublicKey
	line      int // counted from 1
	authority bool
}

const (
	maxLine      = 60_000 // on a longer line, the parsers fail without its number
	maxMalformed = 10
)

// parseKnownHosts parses the lines. Its error names up to maxMalformed malformed
// lines: the parser stops at the first one, so that one is removed and the rest
// is parsed again.
func parseKnownHosts(text []byte) (*hostKeys, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return nil, errors.New("known-hosts: line 1: this is a private key: give it as ssh-key, and here lines as ssh-keyscan HOST prints them")
	}
	text = bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	lines := strings.Split(string(text), "\n")
	var errs []error
	for i, line := range lines {
		if len(line) > maxLine {
			errs, lines[i] = append(errs, malformed(i+1, line)), ""
		}
	}
	for len(errs) < maxMalformed {
		db, bad, err := load(lines)
		if err != nil {
			return nil, err
		}
		if bad == 0 {
			return &hostKeys{db, lines}, errors.Join(errs...)
		}
		errs, lines[bad-1] = append(errs, malformed(bad, lines[bad-1])), ""
	}
	return nil, errors.Join(append(errs, errors.New("known-hosts: and perhaps more"))...)
}

// load goes through a file because the parsers of known_hosts read nothing else.
// Its contents are public. If a line is malformed, bad is its number.
func load(lines []string) (db *knownhosts.HostKeyDB, bad int, err error) {
	f, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, 0, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strings.Join(lines, "\n"))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, 0, err
	}
	db, err = knownhosts.NewDB(f.Name())
	if err == nil {
		return db, 0, nil
	}
	if _, at, ok := strings.Cut(err.Error(), f.Name()+":"); ok {
		fmt.Sscanf(at, "%d", &bad)
	}
	if bad < 1 || bad > len(lines) {
		return nil, 0, fmt.Errorf("known-hosts: %w", err)
	}
	return nil, bad, nil
}

// malformed does not repeat the line, which may be a secret pasted by mistake.
func malformed(number int, line string) error {
	words := strings.Fields(line)
	if len(words) > 0 && strings.HasPrefix(words[0], "@") {
		words = words[1:]
	}
	reason := "its key is cut off or damaged, or of an unknown type"
	switch {
	case len(line) > maxLine:
		reason = "it is too long"
	case isKeyType(words, 0):
		reason = "it is a public key without the host's name before it"
	case len(words) < 3:
		reason = "it is not 'NAME TYPE KEY'"
	case strings.HasPrefix(words[0], "@"):
		reason = "a marker other than @cert-authority and @revoked, or two of them"
	case strings.HasPrefix(words[0], "|") && strings.Count(words[0], "|") != 3:
		reason = "its hashed name is cut off or damaged"
	case !isKeyType(words, 1):
		reason = "its second word is not the type of a key"
	}
	return fmt.Errorf("known-hosts: line %d: %s: give lines as ssh-keyscan HOST prints them", number, reason)
}

func isKeyType(words []string, i int) bool {
	return len(words) > i && (strings.HasPrefix(words[i], "ssh-") || strings.HasPrefix(words[i], "ecdsa-sha2-") || strings.HasPrefix(words[i], "sk-"))
}

// lookup returns the keys that the lines declare for an address, in their order.
func (h *hostKeys) lookup(addr string) []declared {
	err := h.db.HostKeyCallback()(addr, nowhere{}, noKey{})
	var mismatch *xknownhosts.KeyError
	if !errors.As(err, &mismatch) {
		return nil
	}
	var all []declared
	for _, key := range mismatch.Want {
		line := strings.TrimSpace(h.lines[key.Line-1])
		all = append(all, declared{key.Key, key.Line, strings.HasPrefix(line, "@cert-authority")})
	}
	slices.SortFunc(all, func(a, b declared) int { return a.line - b.line })
	return all
}

// nowhere stands in for a host's network address, which the lookup ignores.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }

// noKey matches no host's key. The error of checking it lists the declared keys.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("this is no key") }
