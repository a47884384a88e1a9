package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Fleet says how a run treats many hosts.
type Fleet struct {
	Parallel    Share         // hosts that are switched at the same time
	Pause       time.Duration // between batches
	MaxFailures int
	Expect      Expected
}

// Share is a part of the hosts: a number, or a percentage of them, rounded down.
// At most one of the fields is set.
type Share struct{ Hosts, Percent int }

// Of returns how many of the hosts the share is, at least one.
func (s Share) Of(hosts int) int {
	if s.Percent > 0 {
		return max(1, hosts*s.Percent/100)
	}
	return max(1, s.Hosts)
}

func (s Share) String() string {
	switch {
	case s.Percent > 0:
		return fmt.Sprintf("%d%% of the hosts at a time", s.Percent)
	case s.Hosts > 1:
		return fmt.Sprintf("%d hosts at a time", s.Hosts)
	}
	return "one host at a time"
}

// Expected is the release that must be current on a host before a run changes
// the host.
type Expected struct {
	Given bool
	ID    release.ID // empty: no release
}

var (
	parallelRE = regexp.MustCompile(`^([0-9]{1,6})(%?)$`)
	shardRE    = regexp.MustCompile(`^([0-9]{1,6})/([0-9]{1,6})$`)
)

func (l *loader) fleet() Fleet {
	return Fleet{
		Parallel:    l.parallel(),
		Pause:       l.duration("batch-pause", 0, time.Hour),
		MaxFailures: l.number("max-failures", 0, ""),
		Expect:      l.expected(),
	}
}

func (l *loader) parallel() Share {
	v := l.value("max-parallel")
	if v == "" {
		return Share{}
	}
	part := parallelRE.FindStringSubmatch(v)
	if part == nil {
		l.wrong("max-parallel", "%.100q is neither a whole number nor a percentage, such as 4 or 25%%", v)
		return Share{}
	}
	n, _ := strconv.Atoi(part[1]) // digits
	percent := part[2] != ""
	switch {
	case n < 1:
		l.wrong("max-parallel", "%s would switch no host at all: give at least 1", v)
	case percent && n > 100:
		l.wrong("max-parallel", "%s is more than there are: 100%% are the most", v)
	case percent:
		return Share{Percent: n}
	}
	return Share{Hosts: n}
}

func (l *loader) expected() Expected {
	v := l.value("expect-current")
	if v == "none" && l.verb == Activate {
		return Expected{Given: true}
	}
	return Expected{Given: v != "", ID: l.id("expect-current", v)}
}

// shard returns the hosts of this run's part. Parts differ in size by at most
// one host, and none is empty.
func (l *loader) shard(hosts []Host) []Host {
	v := l.value("shard")
	if v == "" {
		return hosts
	}
	part := shardRE.FindStringSubmatch(v)
	if part == nil {
		l.wrong("shard", "%.100q is not K/N, such as 2/4", v)
		return hosts
	}
	k, _ := strconv.Atoi(part[1]) // digits
	n, _ := strconv.Atoi(part[2])
	switch {
	case n < 1 || k < 1 || k > n:
		l.wrong("shard", "there is no part %d of %d: the first number goes from 1 to the second", k, n)
	case len(hosts) == 0: // already reported
	case n > len(hosts):
		l.wrong("shard", "%d parts are more than the %s: some would have none", n, countHosts(len(hosts)))
	default:
		return hosts[(k-1)*len(hosts)/n : k*len(hosts)/n]
	}
	return hosts
}

func countHosts(n int) string {
	if n == 1 {
		return "1 host"
	}
	return strconv.Itoa(n) + " hosts"
}
