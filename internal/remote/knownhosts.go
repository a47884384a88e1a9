package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
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
// lines.
func parseKnownHosts(text []byte) (*hostKeys, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return nil, errors.New("known-hosts: line 1: this is a private key: give it as ssh-key, and here lines as ssh-keyscan HOST prints them")
	}
	text = bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	lines := strings.Split(string(text), "\n")
	blankDSA(lines)
	if err := checkLines(lines); err != nil {
		return nil, err
	}
	db, err := load(lines...)
	if err != nil {
		return nil, err
	}
	return &hostKeys{db, lines}, nil
}

// blankDSA empties the lines that declare DSA keys. No server can show such a key,
// and the parser would reject the line as malformed.
func blankDSA(lines []string) {
	for i, line := range lines {
		if words := withoutMarker(line); len(words) > 2 && words[1] == keyTypeDSA {
			lines[i] = ""
		}
	}
}

func withoutMarker(line string) []string {
	words := strings.Fields(line)
	if len(words) > 0 && strings.HasPrefix(words[0], "@") {
		words = words[1:]
	}
	return words
}

// checkLines loads each line alone: the parser skips malformed lines as long as
// there are others.
func checkLines(lines []string) error {
	var errs []error
	for i, line := range lines {
		if len(errs) == maxMalformed {
			return errors.Join(append(errs, errors.New("known-hosts: and perhaps more"))...)
		}
		switch _, err := load(line); {
		case errors.Is(err, errMalformed):
			errs = append(errs, malformed(i+1, line))
		case err != nil:
			return err
		}
	}
	return errors.Join(errs...)
}

var errMalformed = errors.New("known-hosts: malformed")

// load goes through a file because the parser of known_hosts reads nothing else.
// Its contents are public.
func load(lines ...string) (*knownhosts.HostKeyDB, error) {
	f, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, fmt.Errorf("known-hosts: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strings.Join(lines, "\n"))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("known-hosts: %w", err)
	}
	db, err := knownhosts.NewDB(f.Name())
	if _, ok := errors.AsType[*fs.PathError](err); err != nil && !ok {
		return nil, errMalformed
	}
	return db, err
}

// malformed does not repeat the line, which may be a secret pasted by mistake.
func malformed(number int, line string) error {
	words := withoutMarker(line)
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
