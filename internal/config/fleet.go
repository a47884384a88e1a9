package config

import (
	"regexp"
	"strconv"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Fleet is how a run goes about many hosts.
type Fleet struct {
	Parallel    Parallel
	Pause       time.Duration // between batches
	MaxFailures int
	Expect      Expected
}

// Parallel is how many hosts are switched at the same time; one of the fields
// is set.
type Parallel struct{ Hosts, Percent int }

// Expected is what has to be current on a host before a run changes it.
type Expected struct {
	Given bool
	ID    release.ID // empty: nothing
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

func (l *loader) parallel() Parallel {
	v := l.value("max-parallel")
	if v == "" {
		return Parallel{}
	}
	part := parallelRE.FindStringSubmatch(v)
	if part == nil {
		l.wrong("max-parallel", "%.100q is neither a whole number nor a percentage, such as 4 or 25%%", v)
		return Parallel{}
	}
	n, _ := strconv.Atoi(part[1]) // digits
	percent := part[2] != ""
	switch {
	case n < 1:
		l.wrong("max-parallel", "%s would switch no host at all: give at least 1", v)
	case percent && n > 100:
		l.wrong("max-parallel", "%s is more than there are: 100%% are the most", v)
	case percent:
		return Parallel{Percent: n}
	}
	return Parallel{Hosts: n}
}

func (l *loader) expected() Expected {
	v := l.value("expect-current")
	if v == "none" && l.verb == Activate {
		return Expected{Given: true}
	}
	return Expected{Given: v != "", ID: l.id("expect-current", v)}
}

// shard cuts the part out of the hosts that this run is for. Parts differ by one
// host at most, and none is empty.
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
	case len(hosts) == 0: // told already
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
