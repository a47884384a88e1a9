package config

import (
	"regexp"
	"strconv"
	"strings"
)

// Access says how Slipway logs in to the servers.
type Access struct {
	Key         []byte
	Passphrase  []byte // passphrase of Key
	Certificate []byte // certificate for Key, or for a key of the agent
	Agent       string // socket of the SSH agent; used without a key
	KnownHosts  []byte
	Jumps       []Host // in the order of the connection
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
		// The line break belongs to the file, not to the passphrase.
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
	// Any other text is already a mistake, and Verbose stays 0.
	a.Verbose, _ = strconv.Atoi(l.matching("verbose", verboseRE, "0, 1 or 2"))
	return a
}
