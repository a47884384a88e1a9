//go:build full

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/githubapi"
)

// The reusable workflows do the same, and the inventory counts, not the variable
// with all hosts.
func TestTheReusableWorkflowsDeployAndRollBack(t *testing.T) {
	r := newRunner(t)
	r.workflow("release.yml", shown(t, "docs/workflows.md", "release.yml"))
	r.workflow("rollback.yml", r.pasted("rollback.yml"))
	firstRev := r.merge(1)
	if _, ok := r.act("push"); !ok {
		t.Fatal("the first push is red")
	}
	first := r.current()
	r.comment(1, "live", first, firstRev)
	r.Must(r.project.SetVersion("0.1.0", "0.1.1"))
	secondRev := r.merge(2, firstRev)
	if _, ok := r.act("push"); !ok {
		t.Fatal("the second push is red")
	}
	second := r.current()
	r.everyHostRuns(second, health{Version: "0.1.1", Revision: secondRev})

	r.dispatch("rollback.yml")
	r.everyHostRuns(first, health{Version: "0.1.0", Revision: firstRev})
	r.dispatch("rollback.yml", "--input", "release-id="+second)
	r.everyHostRuns(second, health{Version: "0.1.1", Revision: secondRev})
	r.comment(2, "live", second, secondRev)

	text := shown(t, "docs/workflows.md", "rollback.yml")
	r.workflow("rollback.yml", strings.Replace(text, "      app: apxr/apxr_io\n", "      app: apxr/apxr_io\n      inventory: deploy/inventory\n", 1))
	r.Must(r.project.Write("deploy/inventory", "[web-servers]\n"+strings.Join(strings.Fields(strings.ReplaceAll(r.web(), ",", " ")), "\n")+"\n"))
	r.push("rollback by the reusable workflow")
	r.dispatch("rollback.yml", "--input", "environment=production")
	r.everyHostRuns(first, health{Version: "0.1.0", Revision: firstRev})
	r.comment(2, "gone", second, secondRev, first)
	r.comment(1, "live", first, firstRev) // it was there all the time
	r.nothingLeft()
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
	r.everyHostRuns(r.current(), health{Version: "0.1.0", Revision: revision})
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
	r.Must(r.project.Write("README.md", "a branch"))
	revision := r.push("a branch")
	r.hub.Commit(revision, mainRev)
	r.hub.Pull(githubapi.Pull{Number: 3, HeadSHA: revision})
	preview := func(from string) string {
		event := filepath.Join(t.TempDir(), "event.json")
		r.Must(os.WriteFile(event, fmt.Appendf(nil, `{"action":"synchronize","number":3,"pull_request":{"number":3,"head":{"ref":"a-branch","sha":%q,"repo":{"full_name":%q}},"base":{"ref":"main"}}}`, revision, from), 0o644))
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
	r.everyHostRuns(r.current(), health{Version: "0.1.0", Revision: revision})
	if c := r.hub.Comments(3); len(c) != 1 || !strings.Contains(c[0].Body, "| [`preview`](https://preview.example.com) | ✅\u00a0live | `0.1.0` `") {
		t.Errorf("%+v", c)
	}
}

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
	r.everyHostRuns(good, health{Version: "0.1.0", Revision: goodRev})

	_, err := r.project.ExitAtStart()
	r.Must(err)
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
	r.everyHostRuns(good, health{Version: "0.1.0", Revision: goodRev})
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
