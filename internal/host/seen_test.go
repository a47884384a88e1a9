package host_test

import (
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

func TestWhatADeadRunLeftCountsAsTakenBack(t *testing.T) {
	t.Parallel()
	one, two := release.Activation{ID: at(1), Env: "e"}, release.Activation{ID: at(2)}
	live := release.Change{Key: "1", Verb: release.Deploy, To: at(1), ToEnv: "e", Version: "1", Outcome: release.Live}
	record := &release.Change{Key: "2", Verb: release.Deploy, From: at(1), FromEnv: "e", To: at(2)}
	for name, c := range map[string]struct {
		seen    script.Inspection
		settled release.Activation
		made    string // version
	}{
		"nothing":       {script.Inspection{}, release.Activation{}, ""},
		"no change":     {script.Inspection{Service: script.Service{Current: one}, History: release.History{live}}, one, "1"},
		"a dead change": {script.Inspection{Service: script.Service{Current: two}, Change: record, History: release.History{live}}, one, "1"},
		"a concluded one": {script.Inspection{
			Service: script.Service{Current: two}, Change: record,
			History: release.History{live, {Key: "2", Verb: release.Deploy, To: at(2), Version: "2", Outcome: release.Live}},
		}, two, "2"},
		"one that nobody knows": {script.Inspection{Service: script.Service{Current: two}, History: release.History{live}}, two, ""},
	} {
		seen := host.Seen{Inspection: c.seen}
		if got := seen.Settled(); got != c.settled {
			t.Errorf("%s: settled on %s, want %s", name, got, c.settled)
		}
		if got := seen.Made(); got.Version != c.made || got.To != c.settled.ID {
			t.Errorf("%s: made by %+v", name, got)
		}
	}
}

func TestReplacedIsWhatAPersonChanged(t *testing.T) {
	t.Parallel()
	made := release.Change{Key: "1", Verb: release.Deploy, To: at(1), Outcome: release.Live}
	for name, c := range map[string]struct {
		later []release.Change
		want  bool
	}{
		"nothing":                    {nil, false},
		"a deploy":                   {[]release.Change{{Key: "2", Verb: release.Deploy, Outcome: release.Live}}, true},
		"a rollback":                 {[]release.Change{{Key: "2", Verb: release.Rollback, Outcome: release.Live}}, true},
		"a revert":                   {[]release.Change{{Key: "2", Verb: release.Revert, Outcome: release.Live}}, false},
		"a deploy that was reverted": {[]release.Change{{Key: "2", Verb: release.Deploy, Outcome: release.Reverted}}, false},
	} {
		before := release.Change{Key: "0", Verb: release.Deploy, Outcome: release.Live}
		seen := host.Seen{Inspection: script.Inspection{History: append(release.History{before, made}, c.later...)}}
		if got := seen.Replaced(made); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheOwnerOfADirectory(t *testing.T) {
	t.Parallel()
	seen := host.Seen{Inspection: script.Inspection{Directories: []script.Directory{{Path: "/opt/a", Owner: "deploy"}}}}
	if seen.Owner("/opt/a") != "deploy" || seen.Owner("/opt/b") != "" {
		t.Errorf("%q, %q", seen.Owner("/opt/a"), seen.Owner("/opt/b"))
	}
}
