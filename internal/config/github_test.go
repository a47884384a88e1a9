package config

import (
	"strings"
	"testing"
)

func TestGitHub(t *testing.T) {
	c, err := Load(Deploy, good(nil))
	if want := (GitHub{Environment: "production", Rollback: "rollback.yml", Comment: true}); err != nil || c.GitHub != want {
		t.Errorf("by default: %+v, %v", c.GitHub, err)
	}
	c, err = Load(Deploy, good(map[string]string{
		"environment": "eu west/1", "environment-url": "https://app.example.com/x", "rollback-workflow": "none", "comment": "false", "deployments": "true", "github-token": "ghs_x\n",
	}))
	want := GitHub{Token: "ghs_x", Environment: "eu west/1", EnvironmentURL: "https://app.example.com/x", Deployments: true}
	if err != nil || c.GitHub != want {
		t.Errorf("%+v, %v", c.GitHub, err)
	}
	if c, err := Load(Stage, good(map[string]string{"comment": "true", "github-token": "x"})); err != nil || c.GitHub != (GitHub{Token: "x"}) {
		t.Errorf("a verb that tells nobody: %+v, %v", c.GitHub, err)
	}
}

func TestMistakesInWhatGitHubIsShown(t *testing.T) {
	for name, c := range map[string]struct{ setting, value, says string }{
		"two lines":         {"environment", "a\nb", "one line of up to 255 characters"},
		"too long":          {"environment", strings.Repeat("x", 256), "one line of up to 255 characters"},
		"no URL":            {"environment-url", "app.example.com", "not an http or https URL"},
		"another scheme":    {"environment-url", "javascript:alert(1)", "not an http or https URL"},
		"a password in it":  {"environment-url", "https://a:b@app.example.com", "not an http or https URL without a user"},
		"a path":            {"rollback-workflow", ".github/workflows/rollback.yml", "is not the file name of a workflow"},
		"a link's end":      {"rollback-workflow", "x) [y](https://evil.yml", "is not the file name of a workflow"},
		"neither":           {"comment", "yes", "neither true nor false"},
		"without its token": {"deployments", "true", "github-token: missing"},
	} {
		_, err := Load(Deploy, good(map[string]string{c.setting: c.value}))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTokenIsASecret(t *testing.T) {
	c, err := Load(Rollback, good(map[string]string{"github-token": "ghs_0123456789"}))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, s := range c.Secrets() {
		found = found || s == "ghs_0123456789"
	}
	if !found {
		t.Error("the log would show it")
	}
}

func TestTheCommandLineHasNoFlagForWhatOnlyAWorkflowUses(t *testing.T) {
	if len(FlagsOf(Deploy))+6 != len(Of(Deploy)) {
		t.Errorf("%d of %d", len(FlagsOf(Deploy)), len(Of(Deploy)))
	}
	for _, s := range FlagsOf(Deploy) {
		if s.Name == "github-token" || s.InRun {
			t.Error(s.Name)
		}
	}
}
