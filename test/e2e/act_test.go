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
	"time"

	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/githubapi"
	"github.com/apxr/slipway/test/lab"
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
	).Replace(shown(r.T, "README.md", name))
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

// oneStepWorkflow uses the action at the repository's top.
const oneStepWorkflow = `name: release
on: push
permissions: {}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - id: slipway
        uses: apxr/slipway@v1
        with:
          app: apxr/apxr_io
          environment: staging
          environment-url: https://staging.example.com
          deployments: true
          comment: false
          build-host: ${{ vars.BUILD_HOST }}
          hosts: ${{ vars.HOSTS }}
          known-hosts: ${{ vars.KNOWN_HOSTS }}
          repository: ${{ vars.REPOSITORY }}
          ssh-key: ${{ secrets.SSH_KEY }}
          health-url: ${{ vars.HEALTH_URL }}
      - if: always()
        env:
          RESULT: ${{ steps.slipway.outputs.result }}
          OUTCOMES: ${{ join(fromJSON(steps.slipway.outputs.hosts).*.outcome, ' ') }}
          PULLS: ${{ join(fromJSON(steps.slipway.outputs.pull-requests), ' ') }}
        run: echo "a later step sees $RESULT, $OUTCOMES, '$PULLS'"
`

// runner is act, set up as a repository on GitHub would be.
type runner struct {
	*world
	slipway string // the checkout that apxr/slipway@v1 stands for
	home    string
	hub     *githubapi.Server
}

func newRunner(t *testing.T) *runner {
	w := newWorld(t)
	return &runner{w, checkout(t), t.TempDir(), githubapi.New(t, githubapi.Options{})}
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
	r.must(r.project.Write(filepath.Join(".github/workflows", name), text))
}

// act runs an event in the developer's repository and returns the log.
func (r *runner) act(event string, args ...string) (log string, ok bool) {
	r.Helper()
	env, err := act.GoEnv()
	r.must(err)
	args = slices.Concat(env, []string{
		"--env", "GITHUB_API_URL=" + r.hub.URL, "--env", "GITHUB_REPOSITORY=apxr/apxr_io", "--actor", "ann",
		"--secret", "GITHUB_TOKEN", "--secret", "SSH_KEY", "--secret", "SLIPWAY_SSH_KEY",
		"--var", "BUILD_HOST", "--var", "HOSTS", "--var", "KNOWN_HOSTS", "--var", "REPOSITORY", "--var", "HEALTH_URL",
		"--var", "SLIPWAY_BUILD_HOST", "--var", "SLIPWAY_HOSTS", "--var", "SLIPWAY_KNOWN_HOSTS", "--var", "SLIPWAY_REPOSITORY", "--var", "SLIPWAY_HEALTH_URL",
	}, args)
	cmd, err := act.Command(r.Context(), r.slipway, r.home, event, args...)
	r.must(err)
	cmd.Dir = r.project.Dir()
	cmd.Env = append(cmd.Env, "GITHUB_TOKEN=ghs_0123456789abcdef")
	for name, value := range map[string]string{
		"SSH_KEY": r.read(r.lab.DeployKeyPath()), "KNOWN_HOSTS": r.read(r.lab.KnownHostsPath()),
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

func TestPushBuildsAndDeploysAndOneClickRollsBack(t *testing.T) {
	r := newRunner(t)
	r.workflow("release.yml", r.pasted("release.yml")+laterStep)
	r.workflow("rollback.yml", r.pasted("rollback.yml"))

	firstRev := r.merge(1)
	log, ok := r.act("push")
	if !ok {
		t.Fatal("the first push is red")
	}
	first := r.current()
	r.everyHostRuns(first, "0.1.0", firstRev)
	if want := "a later step sees " + first + ", version 0.1.0, before it ''"; !strings.Contains(log, want) {
		t.Errorf("the log does not say %q", want)
	}
	r.keepsSecrets(log)
	r.comment(1, "live", first, firstRev)

	r.must(r.project.SetVersion("0.1.0", "0.1.1"))
	r.workflow("release.yml", shown(t, "docs/workflows.md", "release.yml"))
	secondRev := r.merge(2, firstRev)
	if _, ok := r.act("push"); !ok {
		t.Fatal("the second push is red")
	}
	second := r.current()
	r.everyHostRuns(second, "0.1.1", secondRev)
	r.comment(2, "live", second, secondRev)

	log = r.dispatch("rollback.yml")
	r.everyHostRuns(first, "0.1.0", firstRev)
	r.keepsSecrets(log)
	r.comment(2, "gone", first, firstRev)
	r.dispatch("rollback.yml", "--input", "release-id="+second)
	r.everyHostRuns(second, "0.1.1", secondRev)
	r.comment(2, "live", second, secondRev)

	// The inventory counts, and not the variable with all hosts.
	text := shown(t, "docs/workflows.md", "rollback.yml")
	r.workflow("rollback.yml", strings.Replace(text, "      app: apxr/apxr_io\n", "      app: apxr/apxr_io\n      inventory: deploy/inventory\n", 1))
	r.must(r.project.Write("deploy/inventory", "[web-servers]\n"+strings.Join(strings.Fields(strings.ReplaceAll(r.web(), ",", " ")), "\n")+"\n"))
	r.push("rollback by the reusable workflow")
	r.dispatch("rollback.yml", "--input", "environment=production")
	r.everyHostRuns(first, "0.1.0", firstRev)
	r.comment(2, "gone", first, firstRev)
	r.comment(1, "live", first, firstRev) // it was there all the time
	r.nothingLeft()
}

var update = flag.Bool("update", false, "write the golden files anew")

// comment checks the one comment on a pull request against a golden file, with
// words in place of what differs from run to run. "make look" draws the files.
func (r *runner) comment(pull int, state, id, revision string) {
	r.Helper()
	comments := r.hub.Comments(pull)
	if len(comments) != 1 {
		r.Fatalf("#%d has %d comments", pull, len(comments))
	}
	got := regexp.MustCompile(`20\d\d-\d\d-\d\d(.)\d\d:\d\d`).ReplaceAllString(comments[0].Body, "2026-01-02${1}03:04")
	got = regexp.MustCompile(`("at":"[^"]*):\d\dZ`).ReplaceAllString(got, "$1:05Z")
	got = strings.NewReplacer(id, "20260102T030405", revision, strings.Repeat("a", 40), revision[:12], strings.Repeat("a", 12)).Replace(got)
	file := fmt.Sprintf("testdata/comment-%d-%s.md.golden", pull, state)
	if *update {
		r.must(os.WriteFile(file, []byte(got), 0o644))
	}
	if want := r.read(file); got != want {
		r.Errorf("the comment on #%d is\n%s\nand should be\n%s", pull, got, want)
	}
}

// What is built once goes to one environment after the other.
func TestStagingThenProduction(t *testing.T) {
	r := newRunner(t)
	r.workflow("stages.yml", shown(t, "docs/workflows.md", "stages.yml"))
	revision := r.merge(1)
	log, ok := r.act("push")
	if !ok {
		t.Fatal("the push is red")
	}
	r.everyHostRuns(r.current(), "0.1.0", revision)
	if n := strings.Count(log, " is artifact "); n != 1 {
		t.Errorf("it was built %d times", n)
	}
	c := r.hub.Comments(1)
	if len(c) != 1 || !strings.Contains(c[0].Body, "| [`staging`](https://staging.example.com) | ✅\u00a0live |") || !strings.Contains(c[0].Body, "| [`production`](https://www.example.com) | ✅\u00a0live |") {
		t.Errorf("%+v", c)
	}
}

// A pull request is built and deployed from its own branch, and hears of that.
func TestAPreviewOfAPullRequest(t *testing.T) {
	r := newRunner(t)
	r.workflow("preview.yml", shown(t, "docs/workflows.md", "preview.yml"))
	mainRev := r.push("main")
	r.hub.Commit(mainRev)
	r.hub.Branch("main", mainRev)
	r.must(r.project.Write("README.md", "a branch"))
	revision := r.push("a branch")
	r.hub.Commit(revision, mainRev)
	r.hub.Pull(githubapi.Pull{Number: 3, HeadSHA: revision})
	preview := func(from string) string {
		event := filepath.Join(t.TempDir(), "event.json")
		r.must(os.WriteFile(event, fmt.Appendf(nil, `{"action":"synchronize","number":3,"pull_request":{"number":3,"head":{"ref":"a-branch","sha":%q,"repo":{"full_name":%q}},"base":{"ref":"main"}}}`, revision, from), 0o644))
		log, ok := r.act("pull_request", "--eventpath", event)
		if !ok {
			t.Fatal("the preview is red")
		}
		return log
	}
	preview("somebody/apxr_io")
	if n := len(r.hub.Requests()); n > 0 {
		t.Errorf("a pull request from a fork: %d requests", n)
	}
	preview("apxr/apxr_io")
	r.everyHostRuns(r.current(), "0.1.0", revision)
	if c := r.hub.Comments(3); len(c) != 1 || !strings.Contains(c[0].Body, "| [`preview`](https://preview.example.com) | ✅\u00a0live | `0.1.0` |") {
		t.Errorf("%+v", c)
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

func TestPushOfABadReleaseIsRedAndSaysWhy(t *testing.T) {
	r := newRunner(t)
	r.workflow("release.yml", oneStepWorkflow)
	goodRev := r.merge(1)
	log, ok := r.act("push")
	if !ok {
		t.Fatal("the good push is red")
	}
	if want := "a later step sees live, live live, ''"; !strings.Contains(log, want) {
		t.Errorf("the log does not say %q", want)
	}
	good := r.current()
	r.everyHostRuns(good, "0.1.0", goodRev)

	_, err := r.project.ExitAtStart()
	r.must(err)
	badRev := r.merge(2, goodRev)
	log, ok = r.act("push")
	if ok {
		t.Error("the bad push is green")
	}
	host := r.lab.Host("web1").Addr
	for _, want := range []string{host + ": the release exits", "the sample exits at start", "a later step sees failed, put-back not-reached, ''"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if !regexp.MustCompile(`(?m)(::error::|❗ ?).*` + regexp.QuoteMeta(host) + `: the release exits`).MatchString(log) {
		t.Error("no annotation names host and reason")
	}
	r.everyHostRuns(good, "0.1.0", goodRev)
	r.nothingLeft()
	r.deployed(deployed{goodRev, "in_progress success"}, deployed{badRev, "in_progress failure"})
}

// deployed is a deployment that GitHub has, and its states.
type deployed struct{ revision, states string }

func (r *runner) deployed(want ...deployed) {
	r.Helper()
	var got []deployed
	for _, d := range r.hub.Deployments() {
		var states []string
		for _, s := range d.Statuses {
			states = append(states, s.State)
			if s.EnvironmentURL != "https://staging.example.com" || s.LogURL != "https://github.com/apxr/apxr_io/actions/runs/1" || d.Environment != "staging" {
				r.Errorf("%+v", d)
			}
		}
		got = append(got, deployed{d.Ref, strings.Join(states, " ")})
	}
	if !slices.Equal(got, want) {
		r.Errorf("deployments %q, want %q", got, want)
	}
}

// This repository's own push must not fail for want of servers.
func TestOwnPushIsGreenWhereNoHostsAreConfigured(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	if _, err := lab.CommitDir(t.Context(), dir, dir, "push", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	cmd, err := act.Command(t.Context(), dir, t.TempDir(), "push", "--workflows", ".github/workflows/deploy.yml")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Run Main") {
		t.Errorf("%v: the push is not green, or something ran:\n%s", err, out)
	}
}

// keepsSecrets checks that no line of the private key is in a log.
func (r *runner) keepsSecrets(log string) {
	r.Helper()
	for line := range strings.Lines(r.read(r.lab.DeployKeyPath())) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "---") && strings.Contains(log, line) {
			r.Error("the log has a line of the private key")
		}
	}
}
