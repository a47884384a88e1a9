package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
)

func TestVariablesThatHaveNoEffectAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		verb    config.Verb
		environ []string
		want    []string
	}{
		"nothing":                       {config.Deploy, nil, nil},
		"other programs":                {config.Deploy, []string{"PATH=/bin", "HOME=/root", "SLIPWAYS=x"}, nil},
		"settings":                      {config.Deploy, []string{"SLIPWAY_HOSTS=web1", "SLIPWAY_SSH_KEY_FILE=key", "SLIPWAY_ENV=A=1", "SLIPWAY_ENV_FILE=env"}, nil},
		"another verb's settings":       {config.Releases, []string{"SLIPWAY_HEALTH_URL=x", "SLIPWAY_REPOSITORY=x", "SLIPWAY_FORCE=true", "SLIPWAY_SETUP_KEY_FILE=x"}, nil},
		"an empty variable":             {config.Deploy, []string{"SLIPWAY_COMMENT=", "SLIPWAY_HELTH_URL="}, nil},
		"the test lab":                  {config.Deploy, []string{"SLIPWAY_LAB=off", "SLIPWAY_LAB_DIR=/tmp"}, nil},
		"a slip":                        {config.Deploy, []string{"SLIPWAY_HELTH_URL=http://x"}, []string{"SLIPWAY_HELTH_URL: ignored; no setting has this name. Did you mean SLIPWAY_HEALTH_URL?"}},
		"a slip in a file's variable":   {config.Deploy, []string{"SLIPWAY_KNOWN_HOST_FILE=x"}, []string{"SLIPWAY_KNOWN_HOST_FILE: ignored; no setting has this name. Did you mean SLIPWAY_KNOWN_HOSTS_FILE?"}},
		"a file for what is in no file": {config.Deploy, []string{"SLIPWAY_HEALTH_URL_FILE=x"}, []string{"SLIPWAY_HEALTH_URL_FILE: ignored; no setting has this name. Did you mean SLIPWAY_HEALTH_URL?"}},
		"names of no setting":           {config.Deploy, []string{"SLIPWAY_TOKEN=x", "SLIPWAY_=x"}, []string{"SLIPWAY_, SLIPWAY_TOKEN: ignored; no setting has such a name"}},
		"the actions' settings":         {config.Deploy, []string{"SLIPWAY_GITHUB_TOKEN_FILE=x", "SLIPWAY_COMMENT=maybe"}, []string{"SLIPWAY_COMMENT, SLIPWAY_GITHUB_TOKEN_FILE: ignored; only the actions have this setting"}},
		"arguments":                     {config.Logs, []string{"SLIPWAY_HOST=web1"}, []string{"SLIPWAY_HOST: ignored; the command line takes this as an argument: see 'slipway VERB --help'"}},
		"a trial":                       {config.Deploy, []string{"SLIPWAY_DRY_RUN=true"}, nil},
		"no trial":                      {config.Activate, []string{"SLIPWAY_DRY_RUN=true"}, []string{"SLIPWAY_DRY_RUN: ignored; activate has no dry-run, and makes its changes"}},
		"the check of a setup":          {config.Rollback, []string{"SLIPWAY_CHECK=true"}, []string{"SLIPWAY_CHECK: ignored; rollback has no check, and makes its changes"}},
		"a trial that is off":           {config.Activate, []string{"SLIPWAY_DRY_RUN=false"}, nil},
		"a trial of what changes none":  {config.Releases, []string{"SLIPWAY_DRY_RUN=true"}, nil},
	} {
		if got := ignored(c.verb, c.environ); !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

func TestAVariableWithoutEffectIsToldOnceAndIsNoMistake(t *testing.T) {
	w := newWorld("artifacts", "--app", "a/b", "--build-host", "local")
	w.env["HOME"] = t.TempDir()
	w.Environ = []string{"SLIPWAY_COMMENT=maybe", "SLIPWAY_HST\x1b[2J=x"}
	w.cli(t, exitOK, "note: SLIPWAY_COMMENT: ignored; only the actions have this setting\n")
	if n := strings.Count(w.errOut.String(), "note: "); n != 2 || strings.Contains(w.errOut.String(), "\x1b") {
		t.Errorf("%d notes: %q", n, w.errOut.String())
	}
	w = newWorld("deploy", "--help")
	w.Environ = []string{"SLIPWAY_COMMENT=maybe"}
	w.cli(t, exitOK, "-health-url")
	if w.errOut.Len() > 0 {
		t.Errorf("somebody who wants help reads %q", w.errOut.String())
	}
	w = newWorld("deploy", "--app", "a/b")
	w.Environ = []string{"SLIPWAY_HOSST=web1"}
	w.cli(t, exitUsage, "hosts: missing", "Did you mean SLIPWAY_HOSTS?")
}
