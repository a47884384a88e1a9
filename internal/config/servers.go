package config

import (
	"net/netip"
	"strings"
)

// server reads one server, or the word for the machine itself.
func server(word string) (Host, error) {
	if word == localName {
		return Host{Host: localName}, nil
	}
	return ParseHost(word)
}

func (l *loader) buildHost() Host {
	v := l.value("build-host")
	if v == "" {
		return Host{}
	}
	h, err := server(v)
	if err != nil {
		l.wrong("build-host", "%v", err)
	}
	return h
}

// hosts returns the web servers. A person looks inside one server at a time.
func (l *loader) hosts() []Host {
	if !l.uses("host") {
		return l.servers("hosts")
	}
	v := l.value("host")
	if v == "" {
		return nil
	}
	h, err := server(v)
	if err != nil {
		l.wrong("host", "%v", err)
	}
	return []Host{h}
}

func (l *loader) jumps() []Host {
	jumps := l.servers("jump-hosts")
	for _, h := range jumps {
		if h.IsLocal() {
			l.wrong("jump-hosts", "local is the machine that this runs on, and no way to another one: leave it out")
		}
	}
	return jumps
}

// servers reads a list. It refuses duplicates: a server named twice would wait
// for itself.
func (l *loader) servers(name string) []Host {
	var hosts []Host
	seen := map[string]bool{}
	for _, word := range l.words(name, "host") {
		h, err := server(word)
		switch {
		case err != nil:
			l.wrong(name, "%v", err)
		case seen[sameServer(h)]:
			l.wrong(name, "%s is listed twice", h)
		}
		seen[sameServer(h)] = true
		hosts = append(hosts, h)
	}
	return hosts
}

// sameServer returns the same text for all ways to write one server. The user
// does not matter: all users find the same application.
func sameServer(h Host) string {
	name := strings.ToLower(h.Host)
	if ip, err := netip.ParseAddr(name); err == nil {
		name = ip.String()
	}
	return name + ":" + h.Port
}

// allLocal reports whether no server is reached over SSH. A server that is
// still missing may need SSH.
func (l *loader) allLocal(c Config) bool {
	needed := l.settings["build-host"].Required(l.verb)
	if l.uses("build-host") && !c.BuildHost.IsLocal() && (needed || c.BuildHost != Host{}) {
		return false
	}
	for _, h := range c.Hosts {
		if !h.IsLocal() {
			return false
		}
	}
	return len(c.Hosts) > 0 || c.BuildHost.IsLocal() && l.verb == Setup || !l.uses("hosts") && !l.uses("host")
}
