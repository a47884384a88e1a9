package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// advice returns what is so and what to do after a run that did not end as it
// should, or "". What helps depends on the kind of failure.
func advice(r Rollout) string {
	parts := append(whatRuns(r), remedies(r)...)
	if len(parts) == 0 || r.Err == nil && len(problems(r.Hosts)) == 0 {
		return ""
	}
	return "What now: " + strings.Join(parts, " ")
}

// whatRuns says what the hosts run after the rollout, as far as that is known.
func whatRuns(r Rollout) []string {
	var lost, live, back, going, same, unknown []host.Result
	for _, h := range r.Hosts {
		switch {
		case h.Kind == host.Overtaken: // its remedy says where to look
		case h.Outcome == host.Failed && h.Kind != host.Unrecorded:
			lost = append(lost, h)
		case h.Outcome == host.Live, h.Outcome == host.Failed:
			live = append(live, h)
		case h.Outcome == host.GoingBack:
			going = append(going, h)
		case h.Outcome == host.Reverted && h.Problem == "":
			back = append(back, h)
		case h.Known:
			same = append(same, h)
		default:
			unknown = append(unknown, h)
		}
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if len(lost) > 0 {
		add("Log in to %s: it is not known whether what runs there works. The next deploy or rollback repairs that first.", hostNames(lost))
	}
	if len(going) > 0 {
		add("%s: going back when the run ended, and ends that without it. The next deploy or rollback checks that first.", hostNames(going))
	}
	if len(live) > 0 {
		add("%s is on %d of %s.", r.Target, len(live), words.Count(len(r.Hosts), "host"))
	}
	if len(back) > 0 {
		add("%s is taken back on %d of %s.", r.Target, len(back), words.Count(len(r.Hosts), "host"))
	}
	if len(unknown) > 0 {
		add("Nothing was changed on %s, and what runs there is not known.", hostNames(unknown))
	}
	switch {
	case len(same) == 0 || len(live)+len(back)+len(lost)+len(going) > 0:
	case len(same) == len(r.Hosts):
		add("Every host runs what it ran before.")
	default:
		add("What ran before still runs on %s.", hostNames(same))
	}
	return parts
}

// remedies returns what helps, once for each kind of failure.
func remedies(r Rollout) []string {
	var parts []string
	for _, kind := range kinds {
		var these []host.Result
		for _, h := range r.Hosts {
			if h.Kind == kind && h.Problem != "" {
				these = append(these, h)
			}
		}
		if kind == host.Cancelled && wasCancelled(r) {
			these = r.Hosts
		}
		if len(these) > 0 {
			parts = append(parts, remedy(r, kind, hostNames(these)))
		}
	}
	if len(parts) > 0 {
		return parts
	}
	var others []host.Result
	for _, h := range r.Hosts {
		if h.Problem != "" && (h.Outcome == host.Failed || h.Outcome == host.Untouched) {
			others = append(others, h)
		}
	}
	if len(others) > 0 {
		return []string{remedy(r, "", hostNames(others))}
	}
	return nil
}

// kinds has the kinds of failures in the order in which their remedies are shown.
var kinds = []host.Kind{
	host.Overtaken, host.Twice, host.Hung, host.Unreachable, host.Unfit, host.Unrepaired, host.Incomplete, host.NotStaged,
	host.Commands, host.NotProved, host.Unrecorded, host.Differs, host.Judged, host.Changed, host.LockLost, host.Busy, host.Cancelled,
}

// remedy returns what helps against one kind of failure.
func remedy(r Rollout, kind host.Kind, hosts string) string {
	switch kind {
	case host.Overtaken:
		return fmt.Sprintf("Another run has taken over %s: see what it did ('slipway history') before anything else. The same run again would undo or replace that.", hosts)
	case host.Twice:
		return fmt.Sprintf("Remove one of its two names from the setting hosts, then %s.", again(r))
	case host.Hung:
		return fmt.Sprintf("Log in to %s and find what hangs; once that works again, %s.", hosts, again(r))
	case host.Unreachable:
		return fmt.Sprintf("Make sure that %s can be reached and logged in to from here, then %s.", hosts, again(r))
	case host.Busy:
		return fmt.Sprintf("Another run is changing %s: when it has ended, %s (wait-for-lock is how long a run waits for that).", hosts, again(r))
	case host.LockLost:
		return fmt.Sprintf("This run or its connection stood still, and it lost its lock on %s: %s.", hosts, again(r))
	case host.Cancelled:
		return fmt.Sprintf("The run was ended from outside, so there is nothing to fix: to go on, %s.", again(r))
	case host.Differs:
		return "Build the release again: the new one has an ID of its own. Then deploy that."
	case host.Incomplete, host.Changed:
		return otherRelease(r, kind)
	case host.Commands, host.NotProved, host.Judged:
		return aboutTheRelease(r, kind, hosts)
	}
	return fmt.Sprintf("Fix that on %s, then %s.", hosts, again(r))
}

// aboutTheRelease returns a remedy for a failure that the same release most likely
// brings again.
func aboutTheRelease(r Rollout, kind host.Kind, hosts string) string {
	switch {
	case kind == host.Judged:
		return "Deploy another revision, or use force if this one is right after all."
	case kind == host.Commands:
		return fmt.Sprintf("The same commands would fail again: fix them, the release, or what they need on %s, then deploy.", hosts)
	case r.Verb == release.Rollback:
		return fmt.Sprintf("%s does not work on %s: roll back to another release by its release-id ('slipway releases' lists them), or deploy a good one.", r.Target, hosts)
	}
	return fmt.Sprintf("The same release would fail again, unless the cause was on %s: fix the application, build it, and deploy the new release.", hosts)
}

// otherRelease returns a remedy for hosts that do not have, or do not run, what
// the run needs.
func otherRelease(r Rollout, kind host.Kind) string {
	switch {
	case r.Verb == release.Rollback:
		return "Roll back to a release that these hosts have ('slipway releases' lists them) by its release-id, or deploy a good one."
	case r.Verb == release.Activate:
		return "Stage the release again, then activate it."
	case kind == host.Changed:
		return "The same again would end in the same way: see what runs there and why ('slipway history')."
	}
	return "Roll back to a release that these hosts have ('slipway releases' lists them), or deploy a good one."
}

// again says how to repeat a run.
func again(r Rollout) string {
	live := slices.ContainsFunc(r.Hosts, func(h host.Result) bool { return h.Outcome == host.Live })
	switch {
	case r.DryRun:
		return "repeat the dry run, which changes nothing"
	case r.Verb == release.Rollback && live:
		return fmt.Sprintf("roll back to release-id %s: without it, the next rollback goes one further down", r.Target)
	case r.Verb == release.Rollback && r.Target != "":
		return fmt.Sprintf("roll back again, to release-id %s", r.Target)
	}
	return "run the same again: it is safe to repeat"
}
