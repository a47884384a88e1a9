package config

import (
	"regexp"
	"strconv"
	"strings"
)

// Access is how the servers are logged in on.
type Access struct {
	Key         []byte
	Passphrase  []byte // of Key
	Certificate []byte // for Key, or for a key of the agent
	Agent       string // socket of the SSH agent; used if there is no key
	KnownHosts  []byte
	Jumps       []Host // in the order in which they are passed
	Verbose     int    // 0 to 2
}

var verboseRE = regexp.MustCompile(`^[0-2]$`)

func (l *loader) access() Access {
	of := "ssh"
	if l.verb == Setup {
		of = "setup"
	}
	a := Access{
		Key: []byte(l.value(of + "-key")),
		// The line break is the file's, not the passphrase's.
		Passphrase:  []byte(strings.TrimRight(l.value(of+"-passphrase"), "\r\n")),
		Certificate: []byte(l.value(of + "-certificate")),
		Agent:       l.value("ssh-agent"),
		KnownHosts:  []byte(l.value("known-hosts")),
		Jumps:       l.jumps(),
	}
	switch {
	case l.noRemote || len(a.Key) > 0:
	case a.Agent == "":
		l.wrong(of+"-key", "missing. Give the private key, or run an SSH agent (SSH_AUTH_SOCK)")
	case !strings.HasPrefix(a.Agent, "/"):
		l.wrong("ssh-agent", "%.100q is not the absolute path of a socket, such as SSH_AUTH_SOCK has", a.Agent)
	}
	// What does not match is a mistake already, and 0 here.
	a.Verbose, _ = strconv.Atoi(l.matching("verbose", verboseRE, "0, 1 or 2"))
	return a
}
