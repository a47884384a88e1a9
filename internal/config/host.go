package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Host is the machine itself, or a server as [user@]name[:port]. An IPv6
// address is in brackets.
type Host struct{ User, Host, Port string }

// DefaultUser is the user of a server that is given without one.
const DefaultUser = "deploy"

const (
	maxHostName = 253 // characters, in DNS
	defaultPort = "22"
	localName   = "local"
)

var (
	hostNameRE = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	userRE     = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)
)

// ParseHost reads one server and fills in user and port.
func ParseHost(s string) (Host, error) {
	user, rest, found := strings.Cut(s, "@")
	if !found {
		user, rest = DefaultUser, s
	}
	name, port := splitPort(rest)
	_, notIP := netip.ParseAddr(name)
	switch n, err := strconv.Atoi(port); {
	case !userRE.MatchString(user):
		return Host{}, fmt.Errorf("%.100q is not [user@]name[:port]: %q is no user name", s, user)
	case notIP != nil && (len(name) > maxHostName || !hostNameRE.MatchString(name)), strings.Contains(name, ":") && rest[0] != '[':
		return Host{}, fmt.Errorf("%.100q is not [user@]name[:port]; an IPv6 address stands in brackets, as in [fd00::1]:22", s)
	case err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port:
		return Host{}, fmt.Errorf("%.100q has port %q, which is not a number from 1 to 65535", s, port)
	}
	return Host{user, name, port}, nil
}

func splitPort(s string) (name, port string) {
	if inner, ok := strings.CutSuffix(s, "]"); ok && strings.HasPrefix(inner, "[") {
		return inner[1:], defaultPort
	}
	if name, port, err := net.SplitHostPort(s); err == nil {
		return name, port
	}
	return s, defaultPort
}

// IsLocal reports whether the host was declared to be the machine itself.
func (h Host) IsLocal() bool { return h == Host{Host: localName} }

// String returns the shortest form that names the server, as a person writes
// it.
func (h Host) String() string {
	if h.IsLocal() {
		return localName
	}
	name := net.JoinHostPort(h.Host, cmp.Or(h.Port, defaultPort))
	name = strings.TrimSuffix(name, ":"+defaultPort)
	if user := cmp.Or(h.User, DefaultUser); user != DefaultUser {
		name = user + "@" + name
	}
	return name
}
