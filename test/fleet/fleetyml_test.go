package fleet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/githubapi"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// runner is act, set up as GitHub would be.
type runner struct {
	*fleet
	slipway string // the checkout that apxr/slipway@v1 stands for
	cache   string
	hub     *githubapi.Server
}

func newRunner(t *testing.T, hosts int) *runner {
	t.Helper()
	w := &runner{newFleet(t, hosts), t.TempDir(), t.TempDir(), githubapi.New(t, githubapi.Options{Repository: "apxr/shop"})}
	w.Must(act.Checkout(w.slipway))
	return w
}

// caller is the workflow that docs/fleet.md shows, with this fleet for the
// example's, without its build, and with a job that reads the outputs. with are
// inputs as NAME: VALUE, which take the place of its own.
func (w *runner) caller(id release.ID, with ...string) string {
	w.Helper()
	text, err := act.Shown("docs/fleet.md", "release.yml")
	w.Must(err)
	build, fleet := strings.Index(text, "  build:\n"), strings.Index(text, "  fleet:\n")
	if build < 0 || fleet < build {
		w.Fatalf("docs/fleet.md shows other jobs:\n%s", text)
	}
	text = text[:build] + text[fleet:]
	for _, r := range [][2]string{
		{"    needs: build\n", ""},
		{"${{ needs.build.outputs.release-id }}", string(id)},
		{"${{ needs.build.outputs.release-digest }}", w.digest(id)},
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

// digest returns the digest of a release as its build puts it out.
func (w *runner) digest(id release.ID) string {
	w.Helper()
	data, err := os.ReadFile(filepath.Join(w.Home, script.ArtifactDir(world.Shop, id), "manifest.json"))
	w.Must(err)
	return string(release.DigestOf(data))
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
	if len(comments) != 1 || state == "" || !strings.Contains(comments[0].Body, "| `production` | "+strings.ReplaceAll(state, " ", "\u00a0")) {
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
	w.Must(os.MkdirAll(filepath.Join(dir, ".github/workflows"), 0o755))
	w.Must(os.WriteFile(filepath.Join(dir, ".github/workflows/release.yml"), []byte(workflow), 0o644))
	w.Tool("sh", "-ec", `cd "$0"; git init -q -b main; git add .; git -c user.name=a -c user.email=a@b commit -qm push`, dir)
	cmd, err := act.Command(w.Context(), w.slipway, w.cache, "push",
		"--env", "GITHUB_API_URL="+w.hub.URL, "--env", "GITHUB_REPOSITORY=apxr/shop", "--secret", "GITHUB_TOKEN",
		"--secret", "SLIPWAY_SSH_KEY", "--var", "SLIPWAY_HOSTS", "--var", "SLIPWAY_KNOWN_HOSTS", "--env", "HOME="+w.Home)
	w.Must(err)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "GITHUB_TOKEN=ghs_0123456789abcdef",
		"SLIPWAY_SSH_KEY="+w.Read(w.Lab.DeployKeyPath()), "SLIPWAY_KNOWN_HOSTS="+w.Read(w.Lab.KnownHostsPath()), "SLIPWAY_HOSTS="+strings.ReplaceAll(w.web(len(w.Hosts)), " ", "\n"))
	out, err := cmd.CombinedOutput()
	w.Logf("act: %v\n%s", err, out)
	return string(out), err == nil
}

// ran reports whether a job of fleet.yml was run.
func (*runner) ran(log, job string) bool {
	return strings.Contains(log, "[fleet/"+job)
}

const (
	once   = "before-activate-once: hostname >>/tmp/once/said"
	halves = "shards: 2"
)

// One of two parts fails, and both go back; then all goes on.
func TestAFleetPastOneRunner(t *testing.T) {
	w := newRunner(t, 4)
	w.merged(3)
	good := w.deploy(1)
	w.Everywhere("rm -rf /tmp/once; mkdir -m 0777 /tmp/once")

	// The second host of the second part fails.
	bad := w.Artifact(2, light.Way{OnlyHost: w.name(3), Exit: status(3)})
	log, ok := w.act(w.caller(bad, once, halves))
	if ok {
		t.Error("a fleet with a part that fails is green")
	}
	w.Matches(log, w.addr(3)+": the release exits", "not every part runs the release .activate: failure, revert: success")
	w.runs(good, nil)
	// All hosts were switched and went back, which is one more change for those whose
	// part had been through.
	if got := w.lines(); !slices.Equal(got, []int{3, 3, 2, 2}) {
		t.Errorf("the histories have %v changes", got)
	}
	w.hears(2, "↩️ no longer live")

	next := w.Artifact(3, light.Way{})
	log, ok = w.act(w.caller(next, once, halves))
	if !ok || w.ran(log, "revert") {
		t.Error("a good fleet is red, or goes back")
	}
	w.Says(log, "the fleet says "+string(next)+"/0.1.0/live.")
	w.runs(next, nil)
	for name, said := range w.Everywhere("cat /tmp/once/said 2>/dev/null || true") {
		want := map[bool]string{true: name + "\n" + name}[name == w.name(0)]
		if said != want {
			t.Errorf("%s: before-activate-once said %q, want %q", name, said, want)
		}
	}
	for _, pull := range []int{2, 3} { // both are in it
		w.hears(pull, "✅ live")
	}
}
