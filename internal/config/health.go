package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Health is an HTTP request that a working application answers.
type Health struct {
	URL        *url.URL       // as seen from the host itself
	ServerName string         // for the certificate of an https URL and the Host header; empty: the URL's host
	Status     []StatusRange  // the status has to match one of them
	Body       *regexp.Regexp // nil: any
}

// StatusRange covers the status codes from First to Last.
type StatusRange struct{ First, Last int }

func (r StatusRange) String() string {
	if r.First == r.Last {
		return strconv.Itoa(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// Accepts reports whether a status is healthy.
func (h Health) Accepts(status int) bool {
	return slices.ContainsFunc(h.Status, func(r StatusRange) bool { return r.First <= status && status <= r.Last })
}

// Addr returns the address that the URL's server listens on, with its port.
func (h Health) Addr() string {
	port := h.URL.Port()
	if port == "" && h.URL.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return net.JoinHostPort(h.URL.Hostname(), port)
}

func (h Health) String() string {
	accepted := make([]string, len(h.Status))
	for i, r := range h.Status {
		accepted[i] = r.String()
	}
	s := fmt.Sprintf("%s answers %s", h.URL, strings.Join(accepted, ", "))
	if h.ServerName != "" {
		s += " as " + h.ServerName
	}
	if h.Body != nil {
		s += fmt.Sprintf(" with %q", h.Body)
	}
	return s
}

// dnsNameRE is stricter than [hostNameRE]: certificates allow no other names.
var dnsNameRE = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func (l *loader) health() *Health {
	h := &Health{URL: l.healthURL(), ServerName: l.serverName(), Status: l.healthStatus(), Body: l.healthBody()}
	if l.value("health-url") == "" {
		for _, name := range []string{"health-server-name", "health-status", "health-body"} {
			if l.chosen(name) {
				l.wrong(name, "it is for the answer of health-url, which is not given")
			}
		}
		return nil
	}
	if h.ServerName != "" && h.URL != nil && h.URL.Scheme != "https" {
		l.wrong("health-server-name", "it is the name in a certificate, and health-url is not an https URL")
	}
	return h
}

// healthURL reads the URL. Mistakes do not show it, since it may contain a
// password.
func (l *loader) healthURL() *url.URL {
	v := l.value("health-url")
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || !portOrNone(u.Port()):
		l.wrong("health-url", "this is not an http or https URL without a password, such as http://127.0.0.1:4001/health")
	case !isLoopback(u.Hostname()):
		l.wrong("health-url", "its server is not on the host: name 127.0.0.1, localhost or [::1]; for a certificate's name set health-server-name")
	default:
		return u
	}
	return nil
}

func portOrNone(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n >= 1 && n <= 65535
}

func isLoopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && ip.IsLoopback() && ip.Zone() == ""
}

func (l *loader) serverName() string {
	v := l.matching("health-server-name", dnsNameRE, "a DNS name, such as apxr.io")
	if _, err := netip.ParseAddr(v); err == nil {
		l.wrong("health-server-name", "%s is an address: give the DNS name that the certificate is for, such as apxr.io", v)
	}
	return v
}

func (l *loader) healthStatus() []StatusRange {
	var all []StatusRange
	for _, word := range l.words("health-status", "status") {
		first, last, isRange := strings.Cut(word, "-")
		if !isRange {
			last = first
		}
		r := StatusRange{status(first), status(last)}
		if r.First == 0 || r.Last < r.First {
			l.wrong("health-status", "%.100q is neither a status from 100 to 599 nor a range of them, as in 200,204,300-399", word)
		}
		all = append(all, r)
	}
	return all
}

// status returns a status code, or 0 if the text is not one.
func status(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 100 || n > 599 || len(s) != 3 {
		return 0
	}
	return n
}

func (l *loader) healthBody() *regexp.Regexp {
	v := l.value("health-body")
	if v == "" {
		return nil
	}
	re, err := regexp.Compile(v)
	if err != nil {
		l.wrong("health-body", "this is not a regular expression in the syntax of RE2: %v", err)
	}
	return re
}
