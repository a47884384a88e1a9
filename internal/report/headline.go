package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/words"
)

// nouns has the names of the runs.
var nouns = map[release.Verb]string{
	release.Deploy: "Deploy", release.Rollback: "Rollback", release.Stage: "Staging", release.Activate: "Activation", release.Revert: "Revert",
}

// Headline returns how the rollout ended, in one line, as a person would say it.
func (r Rollout) Headline() string {
	return headline(r, Place{App: r.App, Environment: r.Environment})
}

func headline(r Rollout, p Place) string {
	text := sentence(r, p)
	if first, size := utf8.DecodeRuneInString(text); p.App == "" && size > 0 {
		return string(unicode.ToUpper(first)) + text[size:]
	}
	return text // it may begin with the application's name
}

func sentence(r Rollout, p Place) string {
	in := ""
	if p.Environment != "" {
		in = " in " + p.Environment
	}
	switch {
	case wasCancelled(r):
		return fmt.Sprintf("the %s of %s%s was cancelled%s%s", strings.ToLower(nouns[r.Verb]), name(r, p), in, because(r), aftermath(r))
	case r.Err != nil:
		return notAll(r, p, in)
	}
	switch all := words.Count(len(r.Hosts), "server"); r.Became {
	case rollout.BecameSuperseded:
		return name(r, p) + " was superseded" + in + ": nothing was changed"
	case rollout.BecamePlan:
		return fmt.Sprintf("dry run: %s%s on %s; nothing was changed", claim(r, p, "would be"), in, all)
	case rollout.BecameUnchanged:
		return fmt.Sprintf("%s%s (%s): nothing to change", claim(r, p, "was already"), in, all)
	case rollout.BecamePartial:
		return claim(r, p, "is") + in + onSome(r) + because(r)
	}
	return claim(r, p, "is") + in + achieved(r)
}

// notAll returns the headline of a run that failed. A release may still be live on
// some hosts.
func notAll(r Rollout, p Place, in string) string {
	switch n := done(r); {
	case n == 0:
		return claim(r, p, "is not") + in + because(r) + aftermath(r)
	case n < len(r.Hosts):
		return claim(r, p, "is") + in + onSome(r) + because(r)
	}
	return claim(r, p, "is") + in + ", but the run failed" + because(r)
}

func onSome(r Rollout) string {
	return fmt.Sprintf(" on only %d of %s", done(r), words.Count(len(r.Hosts), "server"))
}

// achieved returns on how many hosts the run reached its end, and how long it took.
func achieved(r Rollout) string {
	if len(r.Hosts) == 0 {
		return ""
	}
	parts := []string{fmt.Sprintf("%d of %s", done(r), words.Count(len(r.Hosts), "server"))}
	if r.Took > 0 {
		parts = append(parts, brief(r.Took))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// brief returns a duration without a false precision.
func brief(d time.Duration) string {
	if d < 10*time.Second || d >= 100*time.Second {
		return span(d)
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// done counts the hosts that are where the run wanted them.
func done(r Rollout) int {
	n := 0
	for _, h := range r.Hosts {
		switch h.Outcome {
		case host.Live, host.Staged, host.Unchanged:
			n++
		case host.Reverted:
			if r.Verb == release.Revert && h.Problem == "" {
				n++
			}
		}
	}
	return n
}

// claim returns a sentence about the target. The verb of the sentence is "is",
// "is not", "would be" or "was already".
func claim(r Rollout, p Place, is string) string {
	switch {
	case r.Verb == release.Rollback && r.Target == "":
		return cmp.Or(p.App, "the application") + " " + is + " rolled back" + nothingBefore(r)
	case r.Verb == release.Rollback && is == "was already":
		return cmp.Or(p.App, "the application") + " was already on " + target(r)
	case r.Verb == release.Rollback:
		return cmp.Or(p.App, "the application") + " " + is + " back on " + target(r)
	case r.Verb == release.Stage:
		return name(r, p) + " " + is + " staged"
	case r.Verb == release.Revert:
		return name(r, p) + " " + is + " taken back"
	}
	return name(r, p) + " " + is + " live"
}

// nothingBefore explains a rollback that had no release to go to.
func nothingBefore(r Rollout) string {
	if r.Err != nil {
		return ""
	}
	return ", to no release at all"
}

// name returns the application and the version that the run is about.
func name(r Rollout, p Place) string {
	return strings.TrimRight(cmp.Or(p.App, "release")+" "+target(r), " ")
}

func target(r Rollout) string {
	return versionOf(rollout.Version{ID: r.Target, Version: r.Version}, r.Result)
}

// versionOf returns a version for people. Two releases may have the same version:
// then their IDs tell them apart.
func versionOf(v rollout.Version, r rollout.Result) string {
	same := func(other rollout.Version) bool {
		return other.ID != "" && other.ID != v.ID && other.Version == v.Version
	}
	if v.Version != "" && slices.ContainsFunc(releasesOf(r), same) {
		return fmt.Sprintf("%s (%s)", v.Version, v.ID)
	}
	return cmp.Or(v.Version, string(v.ID))
}

// releasesOf returns the releases that a run knows.
func releasesOf(r rollout.Result) []rollout.Version {
	return []rollout.Version{{ID: r.Target, Version: r.Version, Revision: r.Revision}, r.Previous, r.Running.Version}
}

// aftermath returns what the hosts run after a failure, if it is the same for all.
func aftermath(r Rollout) string {
	if going := notSeenBack(r); len(going) > 0 {
		return fmt.Sprintf(" (%s %s still going back when the run ended)", few(going), words.Plural(len(going), "was", "were"))
	}
	again := "still run"
	for _, h := range r.Hosts {
		if h.Outcome == host.Failed || !h.Known || h.After != h.Before || r.Verb == release.Stage || r.Verb == release.Revert {
			return ""
		}
		if h.Outcome == host.Reverted {
			again = "again"
		}
	}
	if len(r.Hosts) == 0 {
		return ""
	}
	return " (" + allRun(r, again == "again") + ")"
}

func notSeenBack(r Rollout) (hosts []host.Result) {
	for _, h := range r.Hosts {
		if h.Outcome == host.GoingBack {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func allRun(r Rollout, again bool) string {
	who, run, they := "all servers", "run", "what they"
	if len(r.Hosts) == 1 {
		who, run, they = "the server", "runs", "what it"
	}
	for _, h := range r.Hosts {
		if h.After != r.Previous.ID {
			return who + " " + run + " " + they + " ran before"
		}
	}
	what := versionOf(r.Previous, r.Result)
	switch {
	case what == "":
		return "no release runs, as before"
	case again:
		return who + " " + run + " " + what + " again"
	}
	return who + " still " + run + " " + what
}
