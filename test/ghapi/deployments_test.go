package ghapi

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/test/githubapi"
)

func deployment(app, environment, commit string) ghapi.Deployment {
	return ghapi.Deployment{App: app, Environment: environment, Revision: sha(commit), ReleaseID: "20240102T000000", Description: "0.2.0 20240102T000000"}
}

// deploy is one that ends well.
func deploy(t *testing.T, c *ghapi.Client, d ghapi.Deployment) int64 {
	t.Helper()
	id, err := c.CreateDeployment(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []ghapi.State{ghapi.InProgress, ghapi.Success} {
		if err := c.SetStatus(t.Context(), id, ghapi.Status{State: state, LogURL: "https://github.com/apxr/apxr_io/actions/runs/1", URL: "https://app.example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Retire(t.Context(), d, id, "replaced by 20240103T000000"); err != nil {
		t.Fatal(err)
	}
	return id
}

// states are those of each deployment, oldest first.
func states(s *githubapi.Server) (all []string) {
	for _, d := range s.Deployments() {
		var of []string
		for _, status := range d.Statuses {
			of = append(of, status.State)
		}
		all = append(all, strings.Join(of, " "))
	}
	return all
}

func TestADeploymentReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{"production", "staging"} {
		s := start(t, 4, githubapi.Options{})
		c := client(t, s)
		deploy(t, c, deployment("apxr/apxr_io", environment, "1"))
		deploy(t, c, deployment("apxr/api", environment, "1"))
		deploy(t, c, deployment("apxr/apxr_io", "other", "1"))
		deploy(t, c, deployment("apxr/apxr_io", environment, "2"))
		deploy(t, c, deployment("apxr/apxr_io", environment, "1")) // a rollback
		want := []string{"in_progress success inactive", "in_progress success", "in_progress success", "in_progress success inactive", "in_progress success"}
		if got := states(s); !slices.Equal(got, want) {
			t.Errorf("%s: %q", environment, got)
		}
		d := s.Deployments()[3]
		var payload map[string]string
		if err := json.Unmarshal(d.Payload, &payload); err != nil || payload["slipway"] != "apxr/apxr_io" || payload["release_id"] != "20240102T000000" || d.Ref != sha("2") || d.Description != "0.2.0 20240102T000000" {
			t.Errorf("%+v", d)
		}
	}
}

func TestWhatFailedStaysSoAndReplacesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, 4, githubapi.Options{})
	c := client(t, s)
	deploy(t, c, deployment("apxr/apxr_io", "production", "1"))
	bad, err := c.CreateDeployment(t.Context(), deployment("apxr/apxr_io", "production", "2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []ghapi.State{ghapi.InProgress, ghapi.Failure} {
		if err := c.SetStatus(t.Context(), bad, ghapi.Status{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	if got := states(s); !slices.Equal(got, []string{"in_progress success", "in_progress failure"}) {
		t.Errorf("%q", got)
	}
	deploy(t, c, deployment("apxr/apxr_io", "production", "3"))
	if got := states(s); !slices.Equal(got, []string{"in_progress success inactive", "in_progress failure", "in_progress success"}) {
		t.Errorf("%q", got)
	}
}

func TestDeploymentsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := start(t, 2, githubapi.Options{})
	for _, payload := range []string{`{}`, `"text"`, `{"slipway":1}`} { // GitHub's own, those of other tools
		s.Deployment(githubapi.Deployment{Ref: sha("0"), Environment: "production", Payload: []byte(payload), Statuses: []githubapi.Status{{State: "success"}}})
	}
	deploy(t, client(t, s), deployment("apxr/apxr_io", "production", "1"))
	if got := states(s); !slices.Equal(got, []string{"success", "success", "success", "in_progress success"}) {
		t.Errorf("%q", got)
	}
}

func TestDeploymentsThatGitHubDoesNotTake(t *testing.T) {
	t.Parallel()
	s := start(t, 2, githubapi.Options{})
	c := client(t, s)
	if _, err := c.CreateDeployment(t.Context(), deployment("apxr/apxr_io", "production", "gone")); err == nil || !strings.Contains(err.Error(), "recording a deployment to production: GitHub answers 422: No ref found for: ") {
		t.Error(err)
	}
	s.Permissions(map[string]string{"contents": "read"})
	if _, err := c.CreateDeployment(t.Context(), deployment("apxr/apxr_io", "production", "1")); err == nil || !strings.Contains(err.Error(), "Add 'deployments: write' to the job's permissions") {
		t.Error(err)
	}
}
