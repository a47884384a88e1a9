package host

import (
	"fmt"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/internal/words"
)

// Plan says what a run does on each host. It is a plain value, made before any
// connection.
type Plan struct {
	config.Service
	App    release.App
	Layout release.Layout
	Keep   int    // number of releases that stay on the host
	Who    string // the person or account that started the run
	RunURL string // URL of the workflow run; empty on the command line
}

// Target says what a host will run.
type Target struct {
	release.Activation
	Version, Revision, Ref string
	Digest                 release.Digest // empty: not known
	Forced                 bool           // requested by name, against the judgement
}

// Expected describes what a proof waits for.
func (p Plan) Expected() string {
	parts := []string{strings.Join(p.Units, " and ") + " " + words.Plural(len(p.Units), "is", "are") + " active with the release as main process"}
	for _, port := range p.Ports {
		parts = append(parts, fmt.Sprintf("port %d is listening", port))
	}
	if p.Health != nil {
		parts = append(parts, p.Health.String())
	}
	return strings.Join(parts, ", ")
}

// environment returns the source of the environment of the host's next
// activation.
func (h *Host) environment() script.Environment {
	if h.plan().Env == nil {
		return script.Environment{Keep: h.seen.Current.Env}
	}
	return script.Environment{Given: true, Text: h.plan().Env.Shell()}
}

// delivers reports whether a release will have an environment on the host.
func (p Plan) delivers(in script.Inspection) bool {
	if p.Env == nil {
		return in.Current.Env != ""
	}
	return p.Env.Shell() != ""
}

// newChange returns the record of the change that this run begins on the host.
func (h *Host) newChange(to Target) release.Change {
	from := h.seen.Current
	return release.Change{
		Key: h.run.Key, At: h.run.Began.UTC().Truncate(time.Second), Verb: recorded[h.run.Verb],
		From: from.ID, FromEnv: from.Env, To: to.ID, ToEnv: to.Env,
		Version: to.Version, Revision: to.Revision, Ref: to.Ref, Digest: to.Digest, Forced: to.Forced,
		Who: h.plan().Who, Run: h.plan().RunURL,
	}
}

// recorded maps verbs to the verbs that the history shows for them.
var recorded = map[release.Verb]release.Verb{
	release.Deploy: release.Deploy, release.Activate: release.Deploy, release.Rollback: release.Rollback, release.Revert: release.Revert,
}

// holder describes this run to others that want the host's lock.
func (h *Host) holder() script.Holder {
	r := h.run
	return script.Holder{What: string(r.Verb), Who: r.Plan.Who, Since: r.Began, Run: r.Plan.RunURL, Key: r.Key, Name: h.Name()}
}
