package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// world is a System whose output a test can read.
type world struct {
	System
	env         map[string]string
	out, errOut strings.Builder
}

func newWorld(args ...string) *world {
	w := &world{env: map[string]string{"HOME": "/nowhere", "USER": "ann"}}
	w.System = System{Collection: fstest.MapFS{}, Args: args, Getenv: func(name string) string { return w.env[name] }, Stdout: &w.out, Stderr: &w.errOut}
	return w
}

func (w *world) cli(t *testing.T, code int, words ...string) {
	t.Helper()
	if got := CLI(w.System); got != code {
		t.Errorf("%q: exit code %d, want %d\n%s", w.Args, got, code, w.errOut.String())
	}
	for _, word := range words {
		if !strings.Contains(w.out.String()+w.errOut.String(), word) {
			t.Errorf("%q does not say %q:\n%s%s", w.Args, word, w.out.String(), w.errOut.String())
		}
	}
}

func TestHelpGoesToStdout(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		w := newWorld(args...)
		w.cli(t, exitOK, "slipway rollback", "slipway build-release", "slipway VERB --help")
		if w.errOut.Len() > 0 {
			t.Errorf("%q: %s", args, w.errOut.String())
		}
	}
}

func TestEveryVerbHasHelpForItsOwnSettings(t *testing.T) {
	for _, v := range config.Verbs {
		w := newWorld(string(v.Verb), "--help")
		var want []string
		for _, s := range config.FlagsOf(v.Verb) {
			want = append(want, "-"+flagName(s), "[$"+envName(s))
		}
		w.cli(t, exitOK, want...)
		if strings.Contains(w.errOut.String(), "-ssh-key ") {
			t.Errorf("%s: the key has a flag for its value", v.Verb)
		}
	}
}

func TestBadCallsTryNothing(t *testing.T) {
	for call, want := range map[string]string{
		"launch":                            `"launch" is not a verb`,
		"deploy now":                        `"now" is no flag`,
		"deploy --speed 9":                  "-speed",
		"rollback --keep-releases 9":        "-keep-releases",
		"deploy --ssh-key x":                "-ssh-key",
		"deploy --ssh-key-file /no/such":    "/no/such",
		"deploy":                            "6 mistakes",
		"rollback --app A/b --hosts web_1 ": "4 mistakes",
	} {
		newWorld(strings.Fields(call)...).cli(t, exitUsage, want)
	}
}

func TestAKeyThatIsNoneIsAMistakeBeforeAnyDial(t *testing.T) {
	w := newWorld("releases", "--app", "a/b", "--hosts", "web1")
	w.env["SLIPWAY_SSH_KEY"], w.env["SLIPWAY_KNOWN_HOSTS"] = "no key", "web1 ssh-ed25519"
	w.cli(t, exitUsage, "ssh-key: ", "known-hosts: ")
}

func TestWhereASettingComesFrom(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	key, hosts := write("key", "from the file\n"), write("hosts", "declared\n")
	write("home/.ssh/known_hosts", "from home\n")
	home, bare := filepath.Join(dir, "home"), filepath.Join(dir, "bare")
	for name, c := range map[string]struct {
		args    []string
		env     map[string]string
		setting string
		want    string
	}{
		"a flag":                                   {[]string{"--units", "x.service"}, nil, "units", "x.service"},
		"the environment":                          {nil, map[string]string{"SLIPWAY_UNITS": "y.service"}, "units", "y.service"},
		"a flag before the environment":            {[]string{"--units=x.service"}, map[string]string{"SLIPWAY_UNITS": "y.service"}, "units", "x.service"},
		"nothing":                                  {nil, nil, "units", ""},
		"a dash in a name":                         {nil, map[string]string{"SLIPWAY_HEALTH_URL": "http://h"}, "health-url", "http://h"},
		"a secret's file":                          {[]string{"--ssh-key-file", key}, map[string]string{"SLIPWAY_SSH_KEY": "from env"}, "ssh-key", "from the file\n"},
		"a secret in the environment":              {nil, map[string]string{"SLIPWAY_SSH_KEY": "from env"}, "ssh-key", "from env"},
		"no secret":                                {nil, nil, "ssh-key", ""},
		"known_hosts of one's own":                 {nil, map[string]string{"HOME": home}, "known-hosts", "from home\n"},
		"known_hosts by the environment":           {nil, map[string]string{"HOME": home, "SLIPWAY_KNOWN_HOSTS": "env\n"}, "known-hosts", "env\n"},
		"known_hosts by a flag":                    {[]string{"--known-hosts-file", hosts}, map[string]string{"HOME": home, "SLIPWAY_KNOWN_HOSTS": "env\n"}, "known-hosts", "declared\n"},
		"known_hosts by a file in the environment": {nil, map[string]string{"HOME": home, "SLIPWAY_KNOWN_HOSTS_FILE": hosts}, "known-hosts", "declared\n"},
		"an agent as ssh finds it":                 {nil, map[string]string{"SSH_AUTH_SOCK": "/run/agent"}, "ssh-agent", "/run/agent"},
		"an agent of one's own":                    {[]string{"--ssh-agent", "/own"}, map[string]string{"SSH_AUTH_SOCK": "/run/agent"}, "ssh-agent", "/own"},
		"a file of variables":                      {[]string{"--env-file", key}, nil, "env-file", "from the file\n"},
		"no known_hosts at all":                    {nil, map[string]string{"HOME": bare}, "known-hosts", ""},
	} {
		w := newWorld(append([]string{"deploy"}, c.args...)...)
		for k, v := range c.env {
			w.env[k] = v
		}
		look, _, err := flags(config.Deploy, w.System)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := look(c.setting); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for want, err := range map[int]error{ // exit codes are part of the documented interface
		0: nil, 1: errors.New("it broke"), 2: fmt.Errorf("wrapped: %w", config.Mistakes{"app: missing"}),
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestAPersonHasAName(t *testing.T) {
	host, _ := os.Hostname()
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"USER": "ann", "LOGNAME": "bob"}, "ann@"}, {map[string]string{"LOGNAME": "bob"}, "bob@"}, {nil, "somebody@"},
	} {
		if got := person(func(name string) string { return c.env[name] }); got != c.want+host {
			t.Errorf("%q, want %q", got, c.want+host)
		}
	}
}

// step turns a world into a workflow step. It returns the files for outputs and
// summary.
func (w *world) step(t *testing.T) (output, summary string) {
	dir := t.TempDir()
	output, summary = filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	for k, v := range map[string]string{
		"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary, "GITHUB_SERVER_URL": "https://github.com",
		"GITHUB_REPOSITORY": "apxr/apxr_io", "GITHUB_RUN_ID": "1", "GITHUB_SHA": strings.Repeat("a", 40),
	} {
		w.env[k] = v
	}
	return output, summary
}

func TestAnActionOutsideOfAWorkflowSaysSo(t *testing.T) {
	w := newWorld()
	if code := Action(config.Deploy, w.System); code != exitUsage || !strings.Contains(w.errOut.String(), "not a workflow step") {
		t.Errorf("%d: %s", code, w.errOut.String())
	}
}

func TestAnActionReportsEveryMistakeInLogAndSummary(t *testing.T) {
	w := newWorld()
	_, summary := w.step(t)
	w.env["INPUT_APP"], w.env["INPUT_HOSTS"] = "nonsense", "web1"
	if code := Action(config.BuildAndDeploy, w.System); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	page, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{w.out.String(), string(page)} {
		for _, word := range []string{"4 mistakes", "app: ", "build-host: missing", "ssh-key: missing", "known-hosts: missing"} {
			if !strings.Contains(text, word) {
				t.Errorf("%q is not in\n%s", word, text)
			}
		}
	}
	if !strings.Contains(w.out.String(), "::error::") || !strings.HasPrefix(string(page), "### ❌ build-and-deploy failed: 4 mistakes in the settings\n") {
		t.Errorf("log %s\nsummary %s", w.out.String(), page)
	}
}

func TestAWorkflowStandsInForInputsThatWereNotGiven(t *testing.T) {
	w := newWorld()
	w.step(t)
	runner := gha.New(w.Getenv, w.Stdout)
	step, err := runner.Run()
	if err != nil {
		t.Fatal(err)
	}
	w.env["SSH_AUTH_SOCK"] = "/run/agent"
	look := inputs(config.BuildAndDeploy, runner, step, w.Getenv)
	for name, want := range map[string]string{"repository": "git@github.com:apxr/apxr_io.git", "revision": strings.Repeat("a", 40), "ssh-agent": "/run/agent", "app": "", "hosts": ""} {
		if got := look(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w.env["INPUT_FORMAT"] = "json"
	if got := look("format"); got != "" {
		t.Errorf("an action has no format: %q", got)
	}
	w.env["INPUT_GIT-TOKEN"] = "ghs_x"
	if got := look("repository"); got != "https://github.com/apxr/apxr_io.git" {
		t.Errorf("with a token: %s", got)
	}
	w.env["INPUT_REPOSITORY"] = "https://example.com/x"
	if got := look("repository"); got != "https://example.com/x" {
		t.Error(got)
	}
}

// Output of a program on a host may contain the application's secrets.
func TestASummaryHidesWhatTheLogHides(t *testing.T) {
	w := newWorld()
	_, summary := w.step(t)
	runner := gha.New(w.Getenv, w.Stdout)
	leaky := rollout.Result{Verb: release.Deploy, Hosts: []host.Result{{Host: "web1", Outcome: host.Failed, Problem: "no hunter2 here", UnitLog: []string{"app: DB=hunter2 refused"}}}}
	(hand{runner, progress.New(runner, "hunter2"), report.Place{}}).over(report.Rollout{Result: leaky, Ended: report.Ended{Err: errors.New("web1: no hunter2 here")}})
	page, err := os.ReadFile(summary)
	if err != nil || strings.Contains(string(page), "hunter2") || strings.Count(string(page), "***") < 2 {
		t.Errorf("%v: %s", err, page)
	}
}

func TestOutputsThatCannotBeHandedOverFailTheStep(t *testing.T) {
	w := newWorld()
	w.step(t)
	w.env["GITHUB_OUTPUT"] = ""
	runner := gha.New(w.Getenv, w.Stdout)
	if code := (hand{runner, progress.New(runner), report.Place{}}).over(report.Build{Made: &made}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(w.out.String(), "::error::output release-id") {
		t.Error(w.out.String())
	}
}
