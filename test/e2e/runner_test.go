package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/githubapi"
	"github.com/apxr/slipway/test/sample"
)

// pasted is a workflow of the README, with the lab's servers in place of the
// example's, and with its repository, which is on no GitHub.
func (r *runner) pasted(name string) string {
	r.Helper()
	text := strings.NewReplacer(
		"build.example.com", r.lab.Host("build").Addr,
		"web1.example.com, web2.example.com", r.web(),
		"secrets.SLIPWAY_SSH_KEY", "secrets.SSH_KEY",
	).Replace(shown(r.T.T, "README.md", name))
	return act.WithoutQueue(strings.Replace(text, "actions/build-release@v1\n        with:\n",
		"actions/build-release@v1\n        with:\n          repository: ${{ vars.REPOSITORY }}\n", 1))
}

// laterStep shows what a step after the deploy gets of it.
const laterStep = `
      - env:
          RELEASE_ID: ${{ steps.deploy.outputs.release-id }}
          VERSION: ${{ steps.deploy.outputs.version }}
          PREVIOUS: ${{ steps.deploy.outputs.previous-release-id }}
        run: echo "a later step sees $RELEASE_ID, version $VERSION, before it '$PREVIOUS'"
`

// runner is act, set up as a repository on GitHub would be.
type runner struct {
	*site
	checkout string // the checkout that apxr/slipway@v1 stands for
	home     string
	hub      *githubapi.Server
}

func newRunner(t *testing.T) *runner {
	return &runner{newSite(t), checkout(t), t.TempDir(), githubapi.New(t, githubapi.Options{})}
}

// merge pushes the developer's files as they are, as the squashed commit of a
// pull request.
func (r *runner) merge(number int, parents ...string) (revision string) {
	r.Helper()
	revision = r.push(fmt.Sprintf("pull request %d", number))
	r.hub.Commit(revision, parents...)
	r.hub.Branch("main", revision)
	r.hub.Pull(githubapi.Pull{Number: number, State: "merged", HeadSHA: revision, MergeCommitSHA: revision})
	return revision
}

// workflow puts a workflow into the developer's tree.
func (r *runner) workflow(name, text string) {
	r.Helper()
	r.Must(r.project.Write(filepath.Join(".github/workflows", name), text))
}

// act runs an event in the developer's repository and returns the log.
func (r *runner) act(event string, args ...string) (log string, ok bool) {
	r.Helper()
	args = slices.Concat([]string{
		"--env", "GITHUB_API_URL=" + r.hub.URL, "--env", "GITHUB_REPOSITORY=apxr/apxr_io", "--actor", "ann",
		"--secret", "GITHUB_TOKEN", "--secret", "SSH_KEY", "--secret", "SLIPWAY_SSH_KEY",
		"--var", "BUILD_HOST", "--var", "HOSTS", "--var", "KNOWN_HOSTS", "--var", "REPOSITORY", "--var", "HEALTH_URL",
		"--var", "SLIPWAY_BUILD_HOST", "--var", "SLIPWAY_HOSTS", "--var", "SLIPWAY_KNOWN_HOSTS", "--var", "SLIPWAY_REPOSITORY", "--var", "SLIPWAY_HEALTH_URL",
	}, args)
	cmd, err := act.Command(r.Context(), r.checkout, r.home, event, args...)
	r.Must(err)
	cmd.Dir = r.project.Dir()
	cmd.Env = append(cmd.Env, "GITHUB_TOKEN=ghs_0123456789abcdef")
	for name, value := range map[string]string{
		"SSH_KEY": r.Read(r.lab.DeployKeyPath()), "KNOWN_HOSTS": r.Read(r.lab.KnownHostsPath()),
		"BUILD_HOST": r.lab.Host("build").Addr, "HOSTS": r.web(), "REPOSITORY": r.project.URL, "HEALTH_URL": sample.Health,
	} {
		cmd.Env = append(cmd.Env, name+"="+value, "SLIPWAY_"+name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	r.Logf("act %s: %v\n%s", event, err, out)
	return string(out), err == nil
}

// current is the release that the first web host's link names.
func (r *runner) current() string {
	r.Helper()
	return strings.TrimPrefix(r.root(r.lab.Host("web1"), "readlink /opt/apxr/apxr_io/current"), "releases/")
}

var update = flag.Bool("update", false, "write the golden files anew")

// comment checks the one comment on a pull request against a golden file, with
// words in place of what differs from run to run. "make look" draws the files. The
// release is the pull request's own one; another one may run instead.
func (r *runner) comment(pull int, state, id, revision string, instead ...string) {
	r.Helper()
	comments := r.hub.Comments(pull)
	if len(comments) != 1 {
		r.Fatalf("#%d has %d comments", pull, len(comments))
	}
	got := regexp.MustCompile(`20\d\d-\d\d-\d\d(.)\d\d:\d\d`).ReplaceAllString(comments[0].Body, "2026-01-02${1}03:04")
	got = regexp.MustCompile(`("at":"[^"]*):\d\dZ`).ReplaceAllString(got, "$1:05Z")
	for _, other := range instead {
		got = strings.ReplaceAll(got, other, "20260101T030405")
	}
	got = strings.NewReplacer(id, "20260102T030405", revision, strings.Repeat("a", 40), revision[:12], strings.Repeat("a", 12)).Replace(got)
	file := fmt.Sprintf("testdata/comment-%d-%s.md.golden", pull, state)
	if *update {
		r.Must(os.WriteFile(file, []byte(got), 0o644))
	}
	if want := r.Read(file); got != want {
		r.Errorf("the comment on #%d is\n%s\nand should be\n%s", pull, got, want)
	}
}

// dispatch presses "Run workflow".
func (r *runner) dispatch(name string, args ...string) (log string) {
	r.Helper()
	log, ok := r.act("workflow_dispatch", append([]string{"--workflows", ".github/workflows/" + name}, args...)...)
	if !ok {
		r.Fatalf("%s is red", name)
	}
	return log
}

// keepsSecrets checks that no line of the private key is in a log.
func (w *site) keepsSecrets(log string) {
	w.Helper()
	for line := range strings.Lines(w.Read(w.lab.DeployKeyPath())) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "---") && strings.Contains(log, line) {
			w.Error("the log has a line of the private key")
		}
	}
}
