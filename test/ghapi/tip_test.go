package ghapi

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/githubapi"
)

// After a forced push, the tip is what was pushed last, however old its commit is.
func TestTheTipOfABranch(t *testing.T) {
	s := start(t, 3, githubapi.Options{})
	s.Branch("feature/a-b", sha("1"))
	c := client(t, s)
	for ref, want := range map[string]string{"refs/heads/main": sha("2"), "refs/heads/feature/a-b": sha("1")} {
		if got, err := c.Tip(t.Context(), ref); err != nil || got != want {
			t.Errorf("%s: %q, %v", ref, got, err)
		}
	}
	s.Branch("main", sha("0"))
	if got, err := c.Tip(t.Context(), "refs/heads/main"); err != nil || got != sha("0") {
		t.Errorf("after a forced push: %q, %v", got, err)
	}
	if got, err := c.Tip(t.Context(), "refs/heads/feature"); err == nil || got != "" || !strings.Contains(err.Error(), "asking for the tip of refs/heads/feature: GitHub shows no such ref") {
		t.Errorf("no such branch: %q, %v", got, err)
	}
}

func TestTheTipNeedsAPermission(t *testing.T) {
	s := start(t, 1, githubapi.Options{})
	s.Permissions(map[string]string{"pull_requests": "write"})
	_, err := client(t, s).Tip(t.Context(), "refs/heads/main")
	if err == nil || !strings.Contains(err.Error(), "Add 'contents: read' to the job's permissions") {
		t.Error(err)
	}
}
