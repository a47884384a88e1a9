package rollout

import (
	"context"
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// claim is a host's claim to run a release that is newer than the target. Git on
// the build host has confirmed how the revisions relate. Only the host says that
// it runs that release.
type claim struct {
	host    *member
	runs    release.Change // what made the release live there
	verdict release.Verdict
}

// backedBy reports whether another host has had the release, too.
func (c claim) backedBy(m *member) bool {
	had, ok := m.Seen().History.Find(c.runs.To)
	return ok && m != c.host && had.Revision == c.runs.Revision
}

// claims are the claims of a fleet.
type claims []claim

// backed returns the claims that another host backs.
func (all claims) backed(hosts fleet) (some claims) {
	for _, c := range all {
		if slices.ContainsFunc(hosts, c.backedBy) {
			some = append(some, c)
		}
	}
	return some
}

// against returns the hosts that do not run anything newer. Hosts that have run
// nothing yet, such as new ones, have no say.
func (all claims) against(hosts fleet) fleet {
	return hosts.only(func(m *member) bool {
		_, ran := m.Seen().History.Current()
		return ran && !slices.ContainsFunc(all, func(c claim) bool { return c.host == m })
	})
}

func (all claims) hosts() (some fleet) {
	for _, c := range all {
		some = append(some, c.host)
	}
	return some
}

// note adds what becomes of each claim to the notices.
func (all claims) note(said *notices, result string) {
	for _, c := range all {
		said.add(c.host, c.verdict.Reason+"; "+result)
	}
}

// failTied refuses the deploy on the hosts that run something newer and on those
// that do not.
func failTied(ctx context.Context, all claims, against fleet) {
	const remedy = "find out what should run, then deploy that, or use force"
	for _, c := range all {
		err := fmt.Errorf("%s; %s never ran that, which is one word against another: %s", c.verdict.Reason, against.names(), remedy)
		c.host.fail(host.Untouched, host.As(ctx, host.Judged, err))
	}
	for _, m := range against {
		err := fmt.Errorf("%s claims to run a newer release than this deploy's, which never ran here: %s", all.hosts().names(), remedy)
		m.fail(host.Untouched, host.As(ctx, host.Judged, err))
	}
}
