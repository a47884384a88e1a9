package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

// world is a System whose output can be looked at.
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
	for _, v := range verbHelp {
		w := newWorld(string(v.verb), "--help")
		var want []string
		for _, s := range config.FlagsOf(v.verb) {
			want = append(want, "-"+flagName(s), "[$"+envName(s))
		}
		w.cli(t, exitOK, want...)
		if strings.Contains(w.errOut.String(), "-ssh-key ") {
			t.Errorf("%s: the key has a flag for its value", v.verb)
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
		look, err := flags(config.Deploy, w.System)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := look(c.setting); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for want, err := range map[int]error{ // part of the documented surface
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

// step makes a world a workflow step; it returns the files that take outputs
// and the summary.
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
	if !strings.Contains(w.out.String(), "::error::") || !strings.HasPrefix(string(page), "### ❌ build-and-deploy failed\n") {
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
	look := inputs(runner, step, w.Getenv)
	for name, want := range map[string]string{"repository": "git@github.com:apxr/apxr_io.git", "revision": strings.Repeat("a", 40), "ssh-agent": "/run/agent", "app": "", "hosts": ""} {
		if got := look(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
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

func TestAnOutcomeIsHandedToLogSummaryAndOutputs(t *testing.T) {
	m := release.Manifest{ReleaseID: "20240102T000000", App: "apxr_io", Version: "0.2.0", Revision: "abc"}
	rolled := rollout.Result{Verb: release.Deploy, Target: m.ReleaseID, Version: "0.2.0", Revision: "abc", Hosts: []host.Result{
		{Host: "web1", Outcome: host.Reverted, Before: "20240101T000000", After: "20240101T000000", Problem: "::error::evil"},
	}}
	phases := report.Build{Phases: []report.Phase{{Name: "Check out", Took: time.Second}}}
	for name, c := range map[string]struct {
		out     outcome
		err     error
		code    int
		outputs []string
		summary []string
	}{
		"built":           {outcome{build: &phases, built: &m}, nil, exitOK, []string{"release-id", "version", "revision"}, []string{"### ✅ Built `apxr_io`"}},
		"both":            {outcome{build: &phases, built: &m, rolled: &rolled}, nil, exitOK, []string{"previous-release-id", "hosts", "20240101T000000"}, []string{"### ✅ Built", "Deploy to version", "succeeded"}},
		"deploy failed":   {outcome{rolled: &rolled}, errors.New("web1: broke"), exitFailed, []string{"result", "put-back"}, []string{"failed", "web1"}},
		"build failed":    {outcome{build: &phases}, errors.New("broke"), exitFailed, nil, []string{"| Check out | 1.0 s |", "### ❌ deploy failed"}},
		"nothing at all":  {outcome{}, errors.New("broke"), exitFailed, nil, []string{"### ❌ deploy failed", "broke"}},
		"built, no hosts": {outcome{build: &phases, built: &m}, errors.New("broke"), exitFailed, []string{"release-id"}, []string{"### ✅ Built", "### ❌ deploy failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			output, summary := w.step(t)
			runner := gha.New(w.Getenv, w.Stdout)
			if code := (hand{runner, progress.New(runner), report.Place{}}).over(config.Deploy, c.out, c.err); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			handed, _ := os.ReadFile(output) // there is none if there are no outputs
			page, err := os.ReadFile(summary)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range c.outputs {
				if !strings.Contains(string(handed), word) {
					t.Errorf("outputs without %s: %s", word, handed)
				}
			}
			for _, word := range c.summary {
				if !strings.Contains(string(page), word) {
					t.Errorf("summary without %s: %s", word, page)
				}
			}
			if c.err != nil && c.out.built == nil && strings.Contains(string(handed), "release-id") || c.outputs == nil && len(handed) > 0 {
				t.Errorf("outputs %s", handed)
			}
			if strings.Contains(w.out.String(), "::error::") != (c.err != nil) && c.out.rolled == nil {
				t.Errorf("log %s", w.out.String())
			}
		})
	}
}

// What a program on a host printed may have the application's secrets in it.
func TestASummaryHidesWhatTheLogHides(t *testing.T) {
	w := newWorld()
	_, summary := w.step(t)
	runner := gha.New(w.Getenv, w.Stdout)
	rolled := rollout.Result{Verb: release.Deploy, Hosts: []host.Result{{Host: "web1", Outcome: host.Failed, Problem: "no hunter2 here", UnitLog: []string{"app: DB=hunter2 refused"}}}}
	(hand{runner, progress.New(runner, "hunter2"), report.Place{}}).over(config.Deploy, outcome{rolled: &rolled}, errors.New("web1: no hunter2 here"))
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
	m := release.Manifest{ReleaseID: "20240102T000000"}
	if code := (hand{runner, progress.New(runner), report.Place{}}).over(config.BuildRelease, outcome{built: &m}, nil); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(w.out.String(), "::error::output release-id") {
		t.Error(w.out.String())
	}
}

func TestTheCommandLinePrintsResultsOnStdoutOnly(t *testing.T) {
	m := release.Manifest{ReleaseID: "20240102T000000"}
	listings := []rollout.Listing{{Host: "web1"}}
	for name, c := range map[string]struct {
		cfg  config.Config
		out  outcome
		want string
	}{
		"a build":           {config.Config{}, outcome{built: &m}, "20240102T000000\n"},
		"a deploy":          {config.Config{}, outcome{built: &m, rolled: &rollout.Result{Verb: release.Deploy, Target: m.ReleaseID}}, "Deploy of 20240102T000000 failed\nHOST  OUTCOME  BEFORE  NOW  TOOK\n"},
		"releases":          {config.Config{Verb: config.Releases}, outcome{listings: listings}, "HOST  RELEASE  AGE  VERSION  REVISION  SIZE  LIVE SINCE  BY  STATE\nweb1  -  no releases\n"},
		"releases, JSON":    {config.Config{Verb: config.Releases, JSON: true}, outcome{listings: listings}, `[ { "host": "web1" } ]`},
		"the history":       {config.Config{Verb: config.History}, outcome{listings: listings}, "HOST  WHEN  WHAT  FROM  TO  VERSION  BY  RUN  OUTCOME\nweb1  -  no changes\n"},
		"the history, JSON": {config.Config{Verb: config.History, JSON: true}, outcome{listings: listings}, `[ { "host": "web1" } ]`},
		"artifacts, JSON":   {config.Config{Verb: config.Artifacts, JSON: true}, outcome{artifacts: []release.Stored{}}, "[]"},
	} {
		w := newWorld()
		tell(w.System, progress.New(progress.Terminal{W: w.Stderr}), c.cfg, c.out, errors.New("broke"))
		if got := squeeze(w.out.String()); got != squeeze(c.want) || w.errOut.String() != "error: broke\n" {
			t.Errorf("%s: stdout %q, want %q; stderr %q", name, got, squeeze(c.want), w.errOut.String())
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
