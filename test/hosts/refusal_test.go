package hosts

import (
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/light"
)

// refusal is something that cannot work, and what a run says to it.
type refusal struct {
	name          string
	prepare, undo string   // as root on the host
	words         []string // of the run
	code          int      // its exit status: 1 unless given
	says          []string
	never         []string // what it must not say
}

// TestBadInput tries one thing after the other on one host that runs a good
// release. Each leaves the host as it was; those that deploy come last.
func TestBadInput(t *testing.T) {
	w := newWorld(t, "web2")
	w.deploy(1)
	for _, group := range []struct {
		name string
		try  func(*world)
	}{
		{"settings", (*world).mistakesInSettings},
		{"hostile settings", (*world).hostileSettings},
		{"connections", (*world).connections},
		{"hosts", (*world).hostsThatCannotTakeARelease},
		{"units and rules", (*world).unitsAndRules},
		{"releases that do not fit", (*world).releasesThatDoNotFit},
		{"trees", (*world).trees},
		{"archives", (*world).archives},
		{"another run", (*world).anotherRun},
		{"forwarding forbidden", (*world).curlInsteadOfForwarding},
		{"hostile variables", (*world).hostileVariables},
		{"hostile manifests", (*world).hostileManifests},
		{"hostile names of files", (*world).hostileNames},
		{"releases that are not there", (*world).releasesThatAreNotThere},
	} {
		w.sub(group.name, func(w *world) {
			outside := w.outside()
			group.try(w)
			w.runs(w.current())
			w.unmarked()
			if after := w.outside(); after != outside {
				w.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
			}
		})
	}
}

// sub runs a subtest in the same world.
func (w *world) sub(name string, try func(*world)) {
	w.Run(name, func(t *testing.T) {
		v := *w
		v.T = t
		try(&v)
	})
}

// current is the release that the host has as current.
func (w *world) current() release.ID {
	w.Helper()
	return release.ID(path.Base(w.root("readlink " + base + "/current")))
}

var made atomic.Int32

// fresh is an ID that no release has.
func fresh() release.ID { return light.At(100 + int(made.Add(1))) }

// misfit makes a release that no host takes: another machine's.
func (w *world) misfit() release.ID {
	w.Helper()
	return w.put(light.Release{ID: fresh(), Change: func(m *release.Manifest) { m.Arch = "riscv64" }})
}

// good makes a release that a host could run.
func (w *world) good() release.ID {
	w.Helper()
	return w.put(light.Release{ID: fresh()})
}

// refuseAll tries what cannot work and checks that nothing has come of it.
func (w *world) refuseAll(cases []refusal) {
	w.Helper()
	unspoiled := w.state()
	for _, c := range cases {
		w.sub(c.name, func(w *world) {
			before := unspoiled
			if c.prepare != "" {
				w.root("set -e\n" + c.prepare)
				defer func() { w.root("set -e\n" + c.undo) }()
				before = w.state()
			}
			r := w.run(c.words...)
			w.red(max(c.code, 1), r, c.says...)
			w.silent(r, c.never...)
			if c.code != 2 { // mistakes in settings come before any connection
				w.same(before)
			}
		})
	}
	w.same(unspoiled)
}

// silent checks that a run has not said any of this.
func (w *world) silent(r command.Result, words ...string) {
	w.Helper()
	// The runtime's and package fmt's own words are never meant for people.
	for _, word := range append(words, "panic:", "goroutine ", "%!") {
		if strings.Contains(r.Stdout+r.Stderr, word) {
			w.Errorf("it says %q:\n%s%s", word, r.Stderr, r.Stdout)
		}
	}
}

func (w *world) same(before string) {
	w.Helper()
	if after := w.state(); after != before {
		w.Errorf("something has changed on the host: it was\n%s\nand is\n%s", before, after)
	}
}

func (w *world) mistakesInSettings() {
	next := w.good()
	deploy := func(words ...string) []string {
		return append([]string{"deploy", "--release-id", string(next)}, words...)
	}
	w.refuseAll([]refusal{
		{name: "no hosts", code: 2, words: deploy("SLIPWAY_HOSTS="), says: []string{"hosts: missing. The web servers, each as [user@]name[:port]"}},
		{name: "a host list of commas", code: 2, words: deploy("SLIPWAY_HOSTS= , ,"), says: []string{`hosts: no host is named in ", ,"`}},
		{name: "a host twice", code: 2, words: deploy("SLIPWAY_HOSTS=" + w.host.Addr + " " + w.host.Addr), says: []string{"hosts: " + w.host.Addr + " is listed twice"}},
		{name: "a host twice, written differently", code: 2, words: deploy("SLIPWAY_HOSTS=deploy@" + w.host.Addr + ":22," + w.host.Addr), says: []string{"hosts: " + w.host.Addr + " is listed twice"}},
		{name: "keep one release", code: 2, words: deploy("--keep-releases", "1"), says: []string{`keep-releases: "1" is not a whole number of at least 2`, "a rollback needs the release before"}},
		{name: "a health URL of another kind", code: 2, words: deploy("--health-url", "ftp://127.0.0.1/health"), says: []string{"health-url: this is not an http or https URL", "such as http://127.0.0.1:4001/health"}},
		{name: "a health URL that is none", code: 2, words: deploy("--health-url", "127.0.0.1:4001"), says: []string{"health-url: this is not an http or https URL"}},
		{name: "a health URL elsewhere", code: 2, words: deploy("--health-url", "http://example.com/"), says: []string{"health-url: its server is not on the host: name 127.0.0.1, localhost or [::1]"}},
		{
			name: "a malformed line in the environment", code: 2, words: deploy("SLIPWAY_ENV=A=1\n\nhunter2 is the password\n"),
			says: []string{"env-file: line 3 is not NAME=VALUE"}, never: []string{"hunter2"},
		},
		{
			name: "a value in half a pair of quotes", code: 2, words: deploy("SLIPWAY_ENV=A=1\nPASSWORD='hunter2\n"),
			says: []string{"env-file: line 2: the value of PASSWORD starts with a quote"}, never: []string{"hunter2"},
		},
		{name: "deploy to the root", code: 2, words: deploy("--deploy-to", "/"), says: []string{`deploy-to: "/" is not an absolute path of at least two plain names, such as /opt/apxr/apxr_io`}},
		{name: "deploy to a relative path", code: 2, words: deploy("--deploy-to", "opt/apxr/shop"), says: []string{`deploy-to: "opt/apxr/shop" is not an absolute path`}},
		{name: "deploy to a path that goes up", code: 2, words: deploy("--deploy-to", "/opt/apxr/../apxr/shop"), says: []string{`deploy-to: "/opt/apxr/../apxr/shop" is not an absolute path`}},
		{name: "a settle time that does not fit", code: 2, words: deploy("--settle", "10s"), says: []string{"settle: 10s is not shorter than health-timeout (10s)"}},
		{name: "several mistakes", code: 2, words: deploy("--deploy-to", "/", "--keep-releases", "1", "--settle", "soon"), says: []string{"3 mistakes", "deploy-to: ", "keep-releases: ", "settle: "}},
		{name: "a release ID that goes up", code: 2, words: []string{"deploy", "--release-id", "../x"}, says: []string{`release-id: release ID "../x" is not a UTC time stamp like 20171114T072116`}},
		{name: "an empty release ID", code: 2, words: []string{"deploy", "--release-id", ""}, says: []string{"release-id: missing. The release to deploy"}},
		{name: "a long release ID", code: 2, words: []string{"deploy", "--release-id", string(next) + "0"}, says: []string{`release-id: release ID "` + string(next) + `0" is not a UTC`}},
		{name: "a release ID that looks like a flag", code: 2, words: []string{"deploy", "--release-id", "-rf"}, says: []string{`release-id: release ID "-rf" is not`}},
		{name: "a rollback to no release ID", code: 2, words: []string{"rollback", "--release-id", "-rf"}, says: []string{`release-id: release ID "-rf" is not`}},
	})
}

func (w *world) releasesThatAreNotThere() {
	first, next, third := w.current(), w.good(), w.good()
	foreign := fresh()
	w.must(light.Put(w.home, light.Release{App: release.App{Org: "apxr", Name: "other"}, ID: foreign}))
	mislaid := w.put(light.Release{ID: fresh(), Change: func(m *release.Manifest) { m.App = "other" }})
	for _, id := range []release.ID{next, third} {
		w.ok("deploy", "--release-id", string(id), "--keep-releases", "2")
	}
	deploy := func(id release.ID) []string { return []string{"deploy", "--release-id", string(id)} }
	w.refuseAll([]refusal{
		{name: "never built", words: deploy("20300101T000000"), says: []string{"the build server has no artifact 20300101T000000 of apxr/shop", "'slipway artifacts'"}},
		{name: "another application's", words: deploy(foreign), says: []string{"the build server has no artifact " + string(foreign) + " of apxr/shop"}},
		{name: "another application's in this one's place", words: deploy(mislaid), says: []string{"artifact " + string(mislaid) + " of apxr/shop", "apxr/other"}},
		{
			name: "pruned", words: []string{"rollback", "--release-id", string(first)},
			says: []string{w.host.Addr + ": release " + string(first) + " is not on this host, which has " + string(next) + ", " + string(third), "the next good one here is"},
		},
		{
			name: "never on this host", words: []string{"rollback", "--release-id", "20300101T000000"},
			says: []string{"release 20300101T000000 is not on this host, which has " + string(next) + ", " + string(third)},
		},
	})
}
