package rollout

import (
	"fmt"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// Plan says what a rollout does. It is a plain value, made before any
// connection.
type Plan struct {
	host.Plan
	config.Fleet
	Target      release.ID     // empty for a rollback that chooses from the hosts' histories
	Digest      release.Digest // of the target; empty: its ID says which release it is
	WaitForLock time.Duration  // 0: do not wait
	Force       bool
	DryRun      bool
	// Later takes what the run still has to do once its result is known: to remove
	// old releases, and to release locks and connections. Nil: the run does so
	// before it returns.
	Later func(func())
}

// steps lists the steps of the plan, for a dry run.
func (p Plan) steps(verb release.Verb, m release.Manifest) []string {
	var s []string
	add := func(format string, args ...any) { s = append(s, fmt.Sprintf(format, args...)) }
	if verb == release.Deploy {
		add("stage release %s (version %s, revision %.12s, %d %s, %.1f MB) in %s/releases", m.ReleaseID, m.Version, m.Revision, len(m.Files), words.Plural(len(m.Files), "entry", "entries"), float64(m.Size())/1e6, p.Layout.Base)
		switch {
		case p.Env == nil:
			add("keep the environment that the host has")
		case p.Env.Shell() == "":
			add("take the environment away")
		default:
			add("deliver the environment that is given")
		}
	}
	if p.Once != "" {
		add("on the first host only: run before-activate-once (%s), once the release is on all hosts", words.Count(len(strings.Split(strings.TrimSpace(p.Once), "\n")), "line"))
	}
	if p.Migrate != "" {
		add("on the first host only: migrate, by sudo systemctl start %s, once the release is on all hosts", p.Migrate)
	}
	if p.Before != "" {
		add("run before-activate (%s)", words.Count(len(strings.Split(strings.TrimSpace(p.Before), "\n")), "line"))
	}
	add("switch %s/current, %s%s", p.Layout.Base, p.Parallel, p.gatekeeper(verb))
	add("restart %s %s", strings.Join(p.Units, ", then "), p.how())
	add("wait up to %s until %s, for %s", p.Timeout, p.Expected(), p.Settle)
	if p.After != "" {
		add("run after-activate (%s)", words.Count(len(strings.Split(strings.TrimSpace(p.After), "\n")), "line"))
	}
	if verb == release.Deploy {
		add("keep %s", words.Count(p.Keep, "release"))
	}
	return s
}

func (p Plan) gatekeeper(verb release.Verb) string {
	if verb == release.Deploy && p.Parallel != (config.Share{Hosts: 1}) && p.Parallel != (config.Share{}) {
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
