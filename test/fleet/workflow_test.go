package fleet

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/githubapi"
	"github.com/apxr/slipway/test/light"
)

// runner is act, set up as GitHub would be.
type runner struct {
	*world
	slipway string // the checkout that apxr/slipway@v1 stands for
	cache   string
	hub     *githubapi.Server
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	r := &runner{eight(t), t.TempDir(), t.TempDir(), githubapi.New(t, githubapi.Options{Repository: "apxr/shop"})}
	r.must(act.Checkout(r.slipway))
	return r
}

// caller is the workflow that docs/fleet.md shows, with this fleet for the
// example's, without its build, and with a job that reads the outputs. with are
// inputs as NAME: VALUE, which take the place of its own.
func (w *runner) caller(id release.ID, with ...string) string {
	w.Helper()
	text, err := act.Shown("docs/fleet.md", "release.yml")
	w.must(err)
	build, fleet := strings.Index(text, "  build:\n"), strings.Index(text, "  fleet:\n")
	if build < 0 || fleet < build {
		w.Fatalf("docs/fleet.md shows other jobs:\n%s", text)
	}
	text = text[:build] + text[fleet:]
	for _, r := range [][2]string{
		{"    needs: build\n", ""},
		{"${{ needs.build.outputs.release-id }}", string(id)},
		{"app: apxr/apxr_io", "app: apxr/shop"},
		{"build-host: build.example.com", "build-host: local"},
		{"    secrets:\n", "      health-timeout: 10s\n      settle: 300ms\n    secrets:\n"},
	} {
		if !strings.Contains(text, r[0]) {
			w.Fatalf("docs/fleet.md does not say %q:\n%s", r[0], text)
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	for _, input := range with {
		name, _, _ := strings.Cut(input, ":")
		var lines []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "      "+name+":") {
				lines = append(lines, line)
			}
		}
		text = strings.Replace(strings.Join(lines, ""), "    secrets:\n", "      "+input+"\n    secrets:\n", 1)
	}
	return text + `
  after:
    needs: fleet
    if: always()
    runs-on: ubuntu-latest
    steps:
      - env:
          SAYS: ${{ needs.fleet.outputs.release-id }}/${{ needs.fleet.outputs.version }}/${{ needs.fleet.outputs.result }}
        run: echo "the fleet says $SAYS."
`
}

// merged are releases of the squashed commits of pull requests, 1 and so on.
func (w *runner) merged(n int) {
	var parents []string
	for i := 1; i <= n; i++ {
		revision := light.RevisionOf(light.At(i))
		w.hub.Commit(revision, parents...)
		w.hub.Branch("main", revision)
		w.hub.Pull(githubapi.Pull{Number: i, State: "merged", HeadSHA: revision, MergeCommitSHA: revision})
		parents = []string{revision}
	}
}

// hears checks what the one comment on a pull request says; nothing: there is
// none.
func (w *runner) hears(pull int, state string) {
	w.Helper()
	comments := w.hub.Comments(pull)
	if state == "" && len(comments) == 0 {
		return
	}
	if len(comments) != 1 || state == "" || !strings.Contains(comments[0].Body, "| `production` | "+strings.ReplaceAll(state, " ", "\u00a0")+" |") {
		w.Errorf("#%d should hear %q: %+v", pull, state, comments)
	}
}

// act runs a workflow on a push, as GitHub would.
//
// Some things are not as there. act asks for the values of a matrix even where
// the job is skipped, and ends if there are none: with bad shards, before "done"
// can say so. A leg of a matrix that is not the first to end cannot put anything
// out; nothing here reads what legs put out. What comes after a called workflow
// that is red is not run, even with always(). It knows neither concurrency groups
// nor approvals, and a cancel ends act itself: what becomes of a cancelled run
// is not tried here.
func (w *runner) act(workflow string) (log string, ok bool) {
	w.Helper()
	dir := w.TempDir()
	w.must(os.MkdirAll(filepath.Join(dir, ".github/workflows"), 0o755))
	w.must(os.WriteFile(filepath.Join(dir, ".github/workflows/release.yml"), []byte(workflow), 0o644))
	if out, err := exec.Command("sh", "-ec", `cd "$0"; git init -q -b main; git add .; git -c user.name=a -c user.email=a@b commit -qm push`, dir).CombinedOutput(); err != nil {
		w.Fatalf("%v: %s", err, out)
	}
	args, err := act.GoEnv()
	w.must(err)
	cmd, err := act.Command(w.Context(), w.slipway, w.cache, "push", append(args,
		"--env", "GITHUB_API_URL="+w.hub.URL, "--env", "GITHUB_REPOSITORY=apxr/shop", "--secret", "GITHUB_TOKEN",
		"--secret", "SLIPWAY_SSH_KEY", "--var", "HOSTS", "--var", "KNOWN_HOSTS", "--env", "HOME="+w.home)...)
	w.must(err)
	cmd.Dir = dir
	key, err := os.ReadFile(w.lab.DeployKeyPath())
	w.must(err)
	known, err := os.ReadFile(w.lab.KnownHostsPath())
	w.must(err)
	cmd.Env = append(cmd.Env, "GITHUB_TOKEN=ghs_0123456789abcdef",
		"SLIPWAY_SSH_KEY="+string(key), "KNOWN_HOSTS="+string(known), "HOSTS="+strings.ReplaceAll(w.web(8), " ", "\n"))
	out, err := cmd.CombinedOutput()
	w.Logf("act: %v\n%s", err, out)
	return string(out), err == nil
}

// ran reports whether a job of fleet.yml was run.
func (*runner) ran(log, job string) bool {
	return strings.Contains(log, "[fleet/"+job)
}

func TestAFleetPastOneRunner(t *testing.T) {
	w := newRunner(t)
	w.merged(4)
	good := w.deploy(1)
	w.refusesBadShards(good)
	w.everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")
	once := "before-activate-once: hostname >>/tmp/once/said"
	changes := func() map[string]string { return w.everywhere("wc -l <" + base + "/.slipway/history.jsonl") }

	// The second host of the third part of four fails.
	bad := w.artifact(2, light.Way{OnlyHost: "web6", Exit: status(3)})
	log, ok := w.act(w.caller(bad, once))
	if ok {
		t.Error("a fleet with a part that fails is green")
	}
	w.says(log, w.addr("web6")+": the release exits", "not every part runs the release .activate: failure, revert: success")
	w.everyHostRuns(good, nil)
	for name, n := range changes() {
		// One host of the part that failed was switched before it did, and so was
		// every host of the others; each went back, which is one more change for
		// what had been through.
		want := map[bool]string{true: "2", false: "3"}[name == "web5" || name == "web6"]
		if n != want {
			t.Errorf("%s: %s changes, want %s", name, n, want)
		}
	}

	w.hears(2, "↩️ no longer live")

	// The gatekeeper itself.
	before := changes()
	worse := w.artifact(3, light.Way{OnlyHost: "web1", Exit: status(4)})
	log, ok = w.act(w.caller(worse, once))
	if ok || w.ran(log, "activate") {
		t.Error("a fleet whose first part fails is green, or goes on")
	}
	w.says(log, w.addr("web1")+": the release exits", "the first part failed .revert: success")
	w.everyHostRuns(good, nil)
	for name, n := range changes() {
		if name != "web1" && n != before[name] {
			t.Errorf("%s: %s changes, and %s before", name, n, before[name])
		}
	}

	w.hears(3, "")

	next := w.artifact(4, light.Way{})
	log, ok = w.act(w.caller(next, once))
	if !ok || w.ran(log, "revert") {
		t.Error("a good fleet is red, or goes back")
	}
	w.says(log, "the fleet says "+string(next)+`/0.1.0/live\.`)
	w.everyHostRuns(next, nil)
	for name, said := range w.everywhere("cat /tmp/once/said 2>/dev/null || true") {
		want := map[bool]string{true: "web1\nweb1\nweb1", false: ""}[name == "web1"]
		if said != want {
			t.Errorf("%s: before-activate-once said %q, want %q", name, said, want)
		}
	}

	for _, pull := range []int{2, 3, 4} { // all of them are in it
		w.hears(pull, "✅ live")
	}

	// The same again, in one part: there is no other.
	log, ok = w.act(w.caller(next, "shards: 1"))
	if !ok || w.ran(log, "revert") {
		t.Error("the same again, in one part, is red")
	}
	w.says(log, "the fleet says "+string(next)+`/0.1.0/unchanged\.`)
	w.everyHostRuns(next, nil)

	w.supersedes(next)
}

// supersedes checks what becomes of a release that is older than what one host
// runs, and than what all of them run.
func (w *runner) supersedes(running release.ID) {
	w.Helper()
	const repository = "git@git.example.com:apxr/shop.git"
	mirrors := filepath.Join(w.home, "slipway", "mirrors")
	w.must(os.MkdirAll(mirrors, 0o755))
	commits := exec.Command("sh", "-ec", `git init -q -b main repo; cd repo
		for c in older newer; do git -c user.name=a -c user.email=a@b commit -q --allow-empty -m $c; git rev-parse HEAD; done
		git clone -q --mirror . "../shop-$(printf %s "$URL" | sha256sum | cut -c1-12).git"`)
	commits.Dir, commits.Env = mirrors, append(os.Environ(), "URL="+repository)
	out, err := commits.Output()
	w.must(err)
	revisions := strings.Fields(string(out))
	of := func(n int, revision string) release.ID {
		id := light.At(n)
		w.must(light.Put(w.home, light.Release{App: shop, ID: id, Revision: revision, Change: func(m *release.Manifest) { m.Repository = repository }}))
		return id
	}
	older, newer := of(5, revisions[0]), of(6, revisions[1])

	w.ok("deploy", "--release-id", string(newer), "SLIPWAY_HOSTS="+w.addr("web7"))
	log, ok := w.act(w.caller(older))
	if ok {
		w.Error("a fleet of which one part runs something newer is green")
	}
	w.says(log, "part 4 runs something newer than what the first part was given", "activate: failure, revert: success")
	w.everyHostRuns(running, map[string]release.ID{"web7": newer})

	w.ok("deploy", "--release-id", string(newer), "SLIPWAY_MAX_PARALLEL=8")
	log, ok = w.act(w.caller(older))
	if !ok || w.ran(log, "activate") || w.ran(log, "revert") {
		w.Error("a fleet that runs something newer is red, or was changed")
	}
	w.says(log, "the fleet says "+string(older)+`/0.1.0/superseded\.`)
	w.everyHostRuns(newer, nil)
}

// refusesBadShards checks that nothing is changed on any host.
func (w *runner) refusesBadShards(running release.ID) {
	w.Helper()
	next := w.artifact(9, light.Way{})
	before := w.everywhere("find /opt/apxr -printf '%p %T@ %l\n' | sort")
	// That act ends at "plan" is its own way; what "plan" says is tried in e2e.
	for shards, says := range map[string]string{"two": "", "9": "9 parts are more than the 8 hosts"} {
		log, ok := w.act(w.caller(next, "shards: "+shards))
		if ok || w.ran(log, "approve") || w.ran(log, "first") || w.ran(log, "revert") {
			w.Errorf("shards: %s is green, or goes on", shards)
		}
		w.says(log, says)
	}
	for name, now := range w.everywhere("find /opt/apxr -printf '%p %T@ %l\n' | sort") {
		if now != before[name] {
			w.Errorf("%s: something was changed:\n%s\nbefore:\n%s", name, now, before[name])
		}
	}
	w.everyHostRuns(running, nil)
}
