package config

import (
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/words"
)

// Candidate is a host that a limit can pick.
type Candidate struct {
	Names  []string // all ways to write it
	Groups []string
	Other  bool // it exists, but the verb would not go there without a limit either
}

// Candidates are all hosts that a limit can name.
type Candidates struct {
	Hosts []Candidate
	Of    string // where the hosts are from, such as "the group web-servers"
}

// Pick returns the indexes of the hosts that a limit picks. The limit is written
// as for Ansible's own --limit: names and groups, with wildcards; !NAME takes
// hosts away, and &NAME keeps no others. A name that nothing has is an error: it
// is a typing mistake, and !NAME would not keep a deploy away from its host.
func (c Candidates) Pick(limit string) ([]int, error) {
	terms := termsOf(limit)
	if len(terms) == 0 {
		return nil, fmt.Errorf("%.100q names no host", limit)
	}
	picked := make([]bool, len(c.Hosts))
	for i, term := range terms {
		op, name := operator(term)
		if i == 0 && op != "" {
			c.set(picked, func(bool, int) bool { return true })
		}
		matches, err := c.matching(name, op == "!")
		if err != nil {
			return nil, err
		}
		c.set(picked, func(before bool, host int) bool {
			return op == "" && (before || matches[host]) || op == "!" && before && !matches[host] || op == "&" && before && matches[host]
		})
	}
	indexes := slices.DeleteFunc(indexesOf(picked), func(host int) bool { return c.Hosts[host].Other })
	if len(indexes) == 0 {
		return nil, fmt.Errorf("%.100q leaves no host of %s", limit, c.Of)
	}
	return indexes, nil
}

// set changes for each host whether it is picked.
func (c Candidates) set(picked []bool, to func(before bool, host int) bool) {
	for host := range picked {
		picked[host] = to(picked[host], host)
	}
}

func indexesOf(picked []bool) (indexes []int) {
	for i, is := range picked {
		if is {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// termsOf splits a limit. Ansible also takes colons, which stand before a port
// here unless ! or & follows. Names come first, as Ansible has it: the other terms
// take away from them.
func termsOf(limit string) []string {
	limit = strings.NewReplacer(":!", ",!", ":&", ",&").Replace(limit)
	terms := strings.FieldsFunc(limit, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	slices.SortStableFunc(terms, func(a, b string) int { return rank(a) - rank(b) })
	return terms
}

func rank(term string) int {
	op, _ := operator(term)
	return strings.Index("&!", op) + len(op) // "": 0, &: 1, !: 2
}

func operator(term string) (op, name string) {
	if strings.HasPrefix(term, "!") || strings.HasPrefix(term, "&") {
		return term[:1], term[1:]
	}
	return "", term
}

// matching reports for each host whether a name or pattern matches it. Hosts to
// take away may be of another group; they are not gone to anyway.
func (c Candidates) matching(name string, away bool) ([]bool, error) {
	matches, known, here := make([]bool, len(c.Hosts)), false, false
	for i, host := range c.Hosts {
		matches[i] = name == "all" || slices.ContainsFunc(slices.Concat(host.Names, host.Groups), func(own string) bool {
			fits, err := path.Match(name, own)
			return own == name || err == nil && fits
		})
		known = known || matches[i]
		here = here || matches[i] && !host.Other
	}
	switch {
	case known && (here || away):
		return matches, nil
	case known:
		return nil, fmt.Errorf("%.100q is not in %s", name, c.Of)
	}
	return nil, c.unknown(name)
}

func (c Candidates) unknown(name string) error {
	var names, hosts []string
	for _, host := range c.Hosts {
		names = append(append(names, host.Names...), host.Groups...)
		if !host.Other {
			hosts = append(hosts, host.Names[0])
		}
	}
	says := fmt.Sprintf("there is no host or group %.100q", name)
	if nearest := words.Nearest(name, names); nearest != "" {
		return errors.New(says + ". Did you mean " + nearest + "?")
	}
	return fmt.Errorf("%s; there are %s", says, words.Names(hosts))
}

// limit returns the hosts, and the build server of a setup, that the limit picks
// of those given by address.
func (l *loader) limit(hosts []Host, build Host) ([]Host, Host) {
	all := slices.Clone(hosts)
	if l.verb == Setup && build != (Host{}) && !slices.Contains(all, build) {
		all = append(all, build)
	}
	v := l.value("limit")
	if v == "" || len(all) == 0 || slices.Contains(all, Host{}) { // wrong ones are already reported
		return hosts, build
	}
	of := Candidates{Of: "the list"}
	for _, h := range all {
		of.Hosts = append(of.Hosts, Candidate{Names: []string{h.String(), h.Host, net.JoinHostPort(h.Host, h.Port)}})
	}
	picked, err := of.Pick(v)
	if err != nil {
		l.wrong("limit", "%v", err)
		return hosts, build
	}
	in := func(h Host) bool {
		return slices.ContainsFunc(picked, func(i int) bool { return all[i] == h })
	}
	if l.verb == Setup && !in(build) {
		build = Host{}
	}
	return slices.DeleteFunc(slices.Clone(hosts), func(h Host) bool { return !in(h) }), build
}
