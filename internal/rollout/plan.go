package rollout

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Plan is what a rollout is told. It is a plain value: made before any dial.
type Plan struct {
	App     release.App
	Layout  release.Layout
	Units   []string   // in the order in which they are restarted
	Target  release.ID // empty for a rollback: chosen from the hosts' history
	Restart script.Restart
	Once    string // commands that run on one host, before the first switch
	Migrate string // a one-shot unit that is started there, after them
	Before  string // on each host, before its switch
	After   string // and after its proof
	// Environment is that of the application as a shell script of exports. Nil
	// keeps what the host has; an empty one takes it away.
	Environment *string
	Health      *Health // nil: the units, their processes and the ports are the only proof
	Ports       []int   // that must be listening
	Timeout     time.Duration
	Settle      time.Duration
	Keep        int
	Parallel    Parallel
	Pause       time.Duration // between batches of hosts
	MaxFailures int           // hosts that may stay on what they run
	WaitForLock time.Duration // 0: not at all
	Expect      Expected
	Force       bool
	DryRun      bool
	Who         string // the person or account that asked for it
	Run         string // URL of the workflow run; empty on a command line
}

// Parallel is how many hosts are switched at the same time: a number, or a
// percentage of those that are to be switched, rounded down. At least one is.
type Parallel struct{ Hosts, Percent int }

func (p Parallel) of(hosts int) int {
	if p.Percent > 0 {
		return max(1, hosts*p.Percent/100)
	}
	return max(1, p.Hosts)
}

func (p Parallel) String() string {
	switch {
	case p.Percent > 0:
		return fmt.Sprintf("%d%% of the hosts at a time", p.Percent)
	case p.Hosts > 1:
		return fmt.Sprintf("%d hosts at a time", p.Hosts)
	}
	return "one host at a time"
}

// Expected is what has to be current on a host before it is changed.
type Expected struct {
	Given bool
	ID    release.ID // empty: nothing
}

// Health is a request that an application which works answers as expected.
type Health struct {
	URL        *url.URL // of the host itself
	ServerName string   // that the certificate is for; empty: the URL's
	Status     []Range
	Body       *regexp.Regexp // nil: any
}

// Range is some of the numbers that a status can be, both ends included.
type Range struct{ Least, Most int }

func (h Health) accepts(status int) bool {
	return slices.ContainsFunc(h.Status, func(r Range) bool { return r.Least <= status && status <= r.Most })
}

func (h Health) String() string {
	var accepted []string
	for _, r := range h.Status {
		if r.Least == r.Most {
			accepted = append(accepted, strconv.Itoa(r.Least))
		} else {
			accepted = append(accepted, fmt.Sprintf("%d-%d", r.Least, r.Most))
		}
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

// steps is what the plan comes to, for a dry run.
func (p Plan) steps(verb release.Verb, m release.Manifest) []string {
	var s []string
	add := func(format string, args ...any) { s = append(s, fmt.Sprintf(format, args...)) }
	if verb == release.Deploy {
		add("stage release %s (version %s, revision %.12s, %d %s, %.1f MB) in %s/releases", m.ReleaseID, m.Version, m.Revision, len(m.Files), plural(len(m.Files), "entry", "entries"), float64(m.Size())/1e6, p.Layout.Base)
		switch {
		case p.Environment == nil:
			add("keep the environment that the host has")
		case *p.Environment == "":
			add("take the environment away")
		default:
			add("deliver the environment that is given")
		}
	}
	if p.Once != "" {
		add("on the first host only: run before-activate-once (%s), once the release is on all hosts", count(len(strings.Split(strings.TrimSpace(p.Once), "\n")), "line"))
	}
	if p.Migrate != "" {
		add("on the first host only: migrate, by sudo systemctl start %s, once the release is on all hosts", p.Migrate)
	}
	if p.Before != "" {
		add("run before-activate (%s)", count(len(strings.Split(strings.TrimSpace(p.Before), "\n")), "line"))
	}
	add("switch %s/current, %s%s", p.Layout.Base, p.Parallel, p.gatekeeper(verb))
	add("restart %s %s", strings.Join(p.Units, ", then "), p.how())
	add("wait up to %s until %s, for %s", p.Timeout, p.expected(), p.Settle)
	if p.After != "" {
		add("run after-activate (%s)", count(len(strings.Split(strings.TrimSpace(p.After), "\n")), "line"))
	}
	if verb == release.Deploy {
		add("keep %s", count(p.Keep, "release"))
	}
	return s
}

func (p Plan) gatekeeper(verb release.Verb) string {
	if verb == release.Deploy && p.Parallel != (Parallel{Hosts: 1}) && p.Parallel != (Parallel{}) {
		return " after the first one"
	}
	return ""
}

func (p Plan) how() string {
	switch {
	case p.Restart.Command != "":
		return "by the restart command"
	case p.Restart.Flag != "":
		return "by the flag " + p.Restart.Flag
	}
	return "by sudo systemctl"
}

// expected is what a proof proves.
func (p Plan) expected() string {
	parts := []string{strings.Join(p.Units, " and ") + " " + plural(len(p.Units), "is", "are") + " active with the release as main process"}
	for _, port := range p.Ports {
		parts = append(parts, fmt.Sprintf("port %d is listening", port))
	}
	if p.Health != nil {
		parts = append(parts, p.Health.String())
	}
	return strings.Join(parts, ", ")
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
