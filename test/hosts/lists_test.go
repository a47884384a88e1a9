package hosts

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// files is what state shows, and all that it leaves out: locks with their times.
func (w *world) files() string {
	w.Helper()
	return w.state() + w.root("cd / && find opt/apxr -printf '%p %y %m %u %g %l %s %T@ %C@\n' | sort")
}

func TestTheSameAgainChangesNothing(t *testing.T) {
	w := anyWorld(t)
	w.deploy(1)
	id := w.deploy(2)
	state := w.state()
	for range 2 {
		if out := w.ok("deploy", "--release-id", string(id)); !strings.Contains(out, "had nothing to change") {
			t.Errorf("it says %q", out)
		}
		if now := w.state(); now != state {
			t.Errorf("%s\nis now\n%s", state, now)
		}
	}
	if out := w.ok("rollback", "--release-id", string(id)); !strings.Contains(out, "had nothing to change") || w.state() != state {
		t.Errorf("a rollback to what runs: %s", out)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	w := anyWorld(t)
	good := w.deploy(1)
	next := w.artifact(2, light.Way{})
	hold := w.hold() // it needs no lock either
	before := w.files()
	deploy := []string{"deploy", "--dry-run", "--release-id", string(next)}
	w.red(0, w.run(append(deploy, "SLIPWAY_BEFORE_ACTIVATE=touch /tmp/dry", "SLIPWAY_ENV=GREETING=x", "--ports", "4001")...),
		"stage release "+string(next), "deliver the environment that is given", "run before-activate (1 line)", "switch "+base+"/current",
		"restart shop.service by sudo systemctl", "port 4001 is listening", "keep 5 releases")
	w.red(0, w.run("deploy", "--dry-run", "--release-id", string(good)))
	w.red(1, w.run(append(deploy, "--units", "nothing.service")...), "there is no unit nothing.service", "may not run 'sudo /usr/bin/systemctl restart nothing.service'")
	w.red(1, w.run("rollback", "--dry-run"), "nothing to roll back to")
	if now := w.files(); now != before {
		t.Errorf("%s\nis now\n%s", before, now)
	}
	w.root("test ! -e /tmp/dry")
	hold()

	w.ok("deploy", "--release-id", string(next))
	hold, before = w.hold(), w.files()
	w.red(0, w.run("rollback", "--dry-run"), "would go from "+string(next)+" to "+string(good), "switch "+base+"/current", "Rollback to "+string(good))
	if now := w.files(); now != before {
		t.Errorf("%s\nis now\n%s", before, now)
	}
	hold()
	w.runs(next)
}

// hold takes the host's lock as another run would, until the function is called.
func (w *world) hold() (free func()) {
	w.Helper()
	w.root("flock -n " + base + "/.slipway/lock sleep 600 >/dev/null 2>&1 & echo $! >/run/holder; sleep 0.3")
	return func() { w.Helper(); w.root("pkill --parent $(cat /run/holder)") }
}

type listedRelease struct {
	ID       release.ID `json:"release_id"`
	Version  string
	Revision string
	Bytes    int64
	States   []string
	LiveAt   *time.Time `json:"live_at"`
	Who      string
}

type listedHost struct {
	Host     string
	Releases []listedRelease
	Changes  release.History
}

// list runs a verb that lists, for people and for programs.
func (w *world) list(verb string) (text string, host listedHost) {
	w.Helper()
	text = w.ok(verb)
	var all []listedHost
	w.must(json.Unmarshal([]byte(w.ok(verb, "--format", "json")), &all))
	if len(all) != 1 || all[0].Host != w.host.Addr {
		w.Fatalf("%d hosts are listed: %+v", len(all), all)
	}
	return text, all[0]
}

func TestReleasesAndHistoryAreListed(t *testing.T) {
	w := anyWorld(t)
	if text, _ := w.list("releases"); !strings.Contains(text, "no releases") {
		t.Errorf("of a new host: %s", text)
	}
	first := w.put(light.Release{ID: light.At(1), Version: "1.0.0", Revision: strings.Repeat("a1", 20), Files: map[string]string{"lib/large": strings.Repeat("x", 1<<20)}})
	w.ok("deploy", "--release-id", string(first))
	second, third := w.deploy(2), w.deploy(3)
	w.ok("rollback")
	bad := w.artifact(4, light.Way{Exit: status(1)})
	w.red(1, w.run("deploy", "--release-id", string(bad)), "put back")

	text, host := w.list("releases")
	want := map[release.ID][]string{first: {"below-current"}, second: {"current", "running"}, third: {"rolled-back"}, bad: {}}
	if len(host.Releases) != len(want) {
		t.Errorf("%d releases are listed, want %d", len(host.Releases), len(want))
	}
	for _, r := range host.Releases {
		states, known := want[r.ID]
		if !known || !slices.Equal(r.States, states) || (r.LiveAt == nil) != (r.ID == bad) {
			t.Errorf("%s is %q, live since %v, want %q", r.ID, r.States, r.LiveAt, states)
		}
		if r.ID == first && (r.Version != "1.0.0" || !strings.HasPrefix(r.Revision, "a1a1") || r.Bytes < 1<<20 || r.Bytes > 1<<21 || !strings.HasPrefix(r.Who, "tester@")) {
			t.Errorf("the first one is listed as %+v", r)
		}
	}
	for _, words := range []string{"1.0.0", "a1a1a1a1a1a1 ", "1.1 MB", "a rollback goes here", "current, running", "rolled back", "never", "tester@"} {
		if !strings.Contains(text, words) {
			t.Errorf("the list does not say %q", words)
		}
	}
	text, host = w.list("history")
	var outcomes []string
	for _, c := range host.Changes {
		outcomes = append(outcomes, string(c.Verb)+" "+string(c.To)+" "+string(c.Outcome))
	}
	if got := strings.Join(outcomes, ", "); got != "deploy "+string(first)+" live, deploy "+string(second)+" live, deploy "+string(third)+" live, rollback "+string(second)+" live, deploy "+string(bad)+" reverted" {
		t.Errorf("the history is %s", got)
	}
	if lines := strings.Split(text, "\n"); len(lines) != 6 || !strings.Contains(lines[1], "reverted: the release exits") || !strings.Contains(lines[5], "1.0.0") {
		t.Errorf("the history is\n%s", text)
	}
}
