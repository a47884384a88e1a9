package config

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// good returns a complete set of settings with the given changes.
func good(changed map[string]string) Lookup {
	settings := map[string]string{
		"app": "apxr/apxr_io", "build-host": "build1", "hosts": "web1, web2",
		"ssh-key": "-----BEGIN\nx\n", "setup-key": "-----BEGIN\nx\n", "known-hosts": "web1 ssh-ed25519 AAAA\n",
		"repository": "git@github.com:apxr/apxr_io.git", "revision": strings.Repeat("a", 40),
		"host": "web1", "expression": "1+1",
		"release-id": "20171114T072116", "expect-current": "20171113T072116",
	}
	for name, value := range changed {
		settings[name] = value
	}
	return func(name string) string { return settings[name] }
}

func mistakes(t *testing.T, v Verb, look Lookup) Mistakes {
	t.Helper()
	_, err := Load(v, look)
	var m Mistakes
	if err != nil && !errors.As(err, &m) {
		t.Fatalf("not Mistakes: %v", err)
	}
	return m
}

func TestDefaults(t *testing.T) {
	c, err := Load(BuildAndDeploy, good(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.App != (release.App{Org: "apxr", Name: "apxr_io"}) || c.BuildHost.String() != "build1" ||
		c.Layout.Base != "/opt/apxr/apxr_io" || c.Keep != 5 || c.ReleaseID != "" || c.Force || c.DryRun || c.JSON {
		t.Errorf("%+v", c)
	}
	service := Service{Units: []string{"apxr_io.service"}, Timeout: time.Minute, Settle: 2 * time.Second}
	if !reflect.DeepEqual(c.Service, service) {
		t.Errorf("got  %+v\nwant %+v", c.Service, service)
	}
	if string(c.Access.Key) != "-----BEGIN\nx\n" || string(c.Access.KnownHosts) != "web1 ssh-ed25519 AAAA\n" {
		t.Error("a key or known_hosts did not come through as given")
	}
}

func TestEveryVerbRequiresItsOwnSettingsOnly(t *testing.T) {
	common := []string{"app", "ssh-key", "known-hosts"}
	for verb, more := range map[Verb][]string{
		BuildRelease:   {"build-host", "repository", "revision"},
		Deploy:         {"build-host", "hosts", "release-id"},
		BuildAndDeploy: {"build-host", "hosts", "repository", "revision"},
		Rollback:       {"hosts"},
		Stage:          {"build-host", "hosts", "release-id"},
		Activate:       {"hosts", "release-id"},
		Revert:         {"hosts", "expect-current"},
		Releases:       {"hosts"},
		History:        {"hosts"},
		Artifacts:      {"build-host"},
	} {
		var missing []string
		for _, m := range mistakes(t, verb, func(string) string { return "" }) {
			name, rest, _ := strings.Cut(m, ": ")
			if !strings.HasPrefix(rest, "missing. ") {
				t.Errorf("%s: %s", verb, m)
			}
			missing = append(missing, name)
		}
		want := append(slices.Clone(common), more...)
		slices.Sort(missing)
		slices.Sort(want)
		if !slices.Equal(missing, want) {
			t.Errorf("%s misses %v, want %v", verb, missing, want)
		}
		if m := mistakes(t, verb, good(nil)); len(m) > 0 {
			t.Errorf("%s: %v", verb, m)
		}
	}
}

func TestAVerbDoesNotLookAtOtherVerbsSettings(t *testing.T) {
	look := good(map[string]string{
		"build-host": "", "repository": "not a repository", "revision": "x", "keep-releases": "no",
		"force": "no", "env-file": "x", "before-activate": "x",
	})
	c, err := Load(Rollback, look)
	if err != nil || !reflect.DeepEqual(c.Build, Build{}) || c.Keep != 0 || c.BuildHost != (Host{}) || c.Force || c.Service.Env != nil || c.Service.Before != "" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := Load(BuildAndDeploy, good(map[string]string{
		"app": "apxr_io", "build-host": "build1:ssh", "hosts": "web_1, web2:0", "ssh-key": "", "repository": "x",
		"revision": "-x", "deploy-to": "/opt", "units": "apxr", "health-url": "https://x/", "health-timeout": "soon", "jump-hosts": "a b a",
		"verbose": "3", "env-file": "A=1\nA=2\n=3", "ports": "0", "restart-flag": "x", "force": "no",
		"settle": "-1s", "keep-releases": "1",
	}))
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if lines[0] != "20 mistakes in the settings; nothing was changed:" {
		t.Error(lines[0])
	}
	var names []string
	for _, line := range lines[1:] {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		names = append(names, name)
	}
	want := []string{
		"app", "build-host", "hosts", "hosts", "jump-hosts", "ssh-key", "verbose", "repository", "revision", "deploy-to", "units",
		"restart-flag", "env-file", "env-file", "health-url", "ports", "health-timeout", "settle", "keep-releases", "force",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
	if _, err := Load(Rollback, good(map[string]string{"hosts": ""})); !strings.HasPrefix(err.Error(), "1 mistake in the settings;") {
		t.Error(err)
	}
}

func TestAMistakeIsToldOnceAndThereAreNotTooMany(t *testing.T) {
	m := mistakes(t, Deploy, good(map[string]string{"hosts": strings.Repeat("web1 ", 100)}))
	if !slices.Equal(m, []string{"hosts: web1 is listed twice"}) {
		t.Errorf("%q", m)
	}
	text := mistakes(t, Deploy, good(map[string]string{"env-file": strings.Repeat("x\n", 110)})).Error()
	if !strings.HasPrefix(text, "110 mistakes in the settings;") || strings.Count(text, "\n") != maxMistakes+1 || !strings.HasSuffix(text, "\n  and 10 more") {
		t.Error(text)
	}
}

func TestMistakesOfOneSettingComeFromOnePlace(t *testing.T) {
	got := Mistakes{"ssh-key: no such file", "app: missing"}.And(Mistakes{"ssh-key: missing", "ssh-key-x: other", "hosts: missing"})
	if want := []string{"ssh-key: no such file", "app: missing", "ssh-key-x: other", "hosts: missing"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Mistakes(nil).And(nil); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestValuesOfSettings(t *testing.T) {
	key40, key64 := strings.Repeat("0f", 20), strings.Repeat("0f", 32)
	for _, c := range []struct {
		name      string
		good, bad []string
	}{
		{"app", []string{"apxr/apxr_io", "a/b", " apxr/apxr_io\n"}, []string{"apxr", "/", "a/", "/b", "a/b/c", "A/b", "a/..", "a b/c"}},
		{"build-host", []string{"build1", "b@build1:2222", "[::1]", "local"}, []string{"build1,build2", "build 1", "::1"}},
		{
			"hosts",
			[]string{"web1", "web1,web2", "web1 web2", "web1\nweb2\r\n", "web1,\n\tweb2,", "web1,web1:2222", "local", "web1,local", "local,[::1]"},
			[]string{" , ", ",", "web1,web1", "web1,web1:22", "web1 root@web1", "[::1],[::1]:22", "web1;web2", "local local", "web1 WEB1", "[fd00::1] [FD00:0::1]", "local,ops@local:x"},
		},
		{
			"repository",
			[]string{
				"git@github.com:apxr/apxr_io.git", "deploy@git.example.com:~/x.git", "ssh://git@github.com/apxr/apxr_io.git",
				"ssh://git@github.com:2222/apxr/apxr_io", "ssh://github.com/x", "https://github.com/apxr/apxr_io.git", "https://git.example.com:8443/x",
			},
			[]string{
				"apxr/apxr_io", "/srv/git/x.git", "file:///srv/git/x.git", "http://github.com/x", "git://github.com/x", "ext::sh -c id",
				"https://", "https://github.com", "https://github.com/", "ssh:///x", "-oProxyCommand=id@h:x", "git@-oProxyCommand=id:x", "git@github.com:a b", "git@github.com:a\nb", "x",
			},
		},
		{
			"revision",
			[]string{key40, key64, "main", "v1.2.3", "feature/x_1", "refs/heads/main", "fix-#12", "user@x"},
			[]string{"-x", "a b", "a..b", "/main", "main/", "a//b", "a~1", "a^", "a:b", "a*", "@{1}", "a\nb", ".x", "$(id)"},
		},
		{"git-token", []string{"ghs_abc", "ghs_abc\n", ""}, []string{"a b", "a\nb"}},
		{"forward-agent", []string{"true", "false", ""}, []string{"yes", "1", "True"}},
		{"clean", []string{"true", "false"}, []string{"yes"}},
		{"incremental", []string{"true", "false"}, []string{"yes"}},
		{"project-dir", []string{".", "apps/web", "./web/", "a_b/c-d.e"}, []string{"/web", "..", "../x", "a/../../b", "a b", "-x", ".hidden", "a$b"}},
		{"mix-env", []string{"prod", "staging_2"}, []string{"Prod", "-prod", "a b", "a;b", "../x"}},
		{"release", []string{"apxr_io", "web2"}, []string{"-x", "a b", "Web", "a/b", "a-b"}},
		{"wait-for-lock", []string{"0s", "10m", "24h"}, []string{"-1s", "25h", "1"}},
		{"keep-artifacts", []string{"1", "50"}, []string{"0", "-1", "x"}},
		{"keep-artifacts-for", []string{"0s", "72h", "8760h"}, []string{"-1s", "3 days", "9000h"}},
		{
			"deploy-to",
			[]string{"/opt/apxr", "/srv/www/apxr_io", "/data/a-b/c.d"},
			[]string{"/", "/opt", "opt/apxr", "/opt/", "/opt//x", "/opt/..", "/opt/../etc", "/opt/.x", "/opt/a b", "/opt/$x", "~/x/y"},
		},
		{"health-timeout", []string{"90s", "2m", "1h", "2100ms"}, []string{"90", "0", "-1s", "61m", "soon"}},
		{"settle", []string{"0s", "1ms", "10s"}, []string{"-1s", "2", "2h"}},
		{"keep-releases", []string{"2", "5", "100", " 3 "}, []string{"1", "0", "-1", "five", "2.5", "5 releases"}},
	} {
		for _, value := range c.good {
			if m := mistakes(t, BuildAndDeploy, good(map[string]string{c.name: value})); len(m) > 0 {
				t.Errorf("%s: %q was refused: %v", c.name, value, m)
			}
		}
		for _, value := range c.bad {
			m := mistakes(t, BuildAndDeploy, good(map[string]string{c.name: value}))
			if len(m) != 1 || !strings.HasPrefix(m[0], c.name+": ") {
				t.Errorf("%s: %q gives %d mistakes: %q", c.name, value, len(m), m)
			}
		}
	}
}

func TestReleaseIDIsChecked(t *testing.T) {
	for value, want := range map[string]int{"20171114T072116": 0, "latest": 1, "": 1} {
		if m := mistakes(t, Deploy, good(map[string]string{"release-id": value})); len(m) != want {
			t.Errorf("%q: %v", value, m)
		}
	}
	if m := mistakes(t, Rollback, good(map[string]string{"release-id": ""})); len(m) > 0 {
		t.Errorf("a rollback chooses by itself: %v", m)
	}
}

func TestTheDigestOfAReleaseIsChecked(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	for value, want := range map[string]int{digest: 0, "": 0, digest[:12]: 1, "sha256:" + digest: 1, strings.ToUpper(digest): 1} {
		for _, v := range []Verb{Deploy, Stage, Activate} {
			look := good(map[string]string{"release-digest": value})
			c, err := Load(v, look)
			if m := mistakes(t, v, look); len(m) != want || err == nil && string(c.Digest) != value {
				t.Errorf("%s, %q: %v, digest %q", v, value, m, c.Digest)
			}
		}
	}
}

func TestBlanksAreAsGoodAsNothing(t *testing.T) {
	m := mistakes(t, Deploy, good(map[string]string{"hosts": " \n ", "app": "  "}))
	if len(m) != 2 || !strings.Contains(m[0], "app: missing") || !strings.Contains(m[1], "hosts: missing") {
		t.Errorf("%q", m)
	}
}

func TestCredentialsInURLsAreRefusedAndNotRepeated(t *testing.T) {
	const secret = "s3cr3t"
	for name, urls := range map[string][]string{
		"repository": {
			"https://" + secret + "@github.com/x", "https://x:" + secret + "@github.com/x", "https://" + secret + ":@github.com/x",
			"ssh://git:" + secret + "@github.com/x", "git:" + secret + "@github.com:x", "http://x:" + secret + "@h/%zz",
		},
		"health-url": {"http://u:" + secret + "@127.0.0.1/health", "http://u:" + secret + "@h/%zz", "http://" + secret + "#@127.0.0.1/", "https://u:" + secret + "#@h/"},
	} {
		for _, u := range urls {
			m := mistakes(t, BuildAndDeploy, good(map[string]string{name: u}))
			if len(m) != 1 || strings.Contains(m[0], secret) {
				t.Errorf("%s: %q gives %q", name, u, m)
			}
		}
	}
}

func TestTheTableOfSettingsHoldsTogether(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings {
		if seen[s.Name] || s.Help == "" || len(doing(s.For)) == 0 {
			t.Errorf("%s is listed twice, or has no help or no verb", s.Name)
		}
		seen[s.Name] = true
		if s.Need&^s.For != 0 {
			t.Errorf("%s is needed by verbs that do not use it", s.Name)
		}
		if strings.Contains(s.Help, "${{") {
			t.Errorf("%s: a runner would take the help in action.yml for an expression", s.Name)
		}
		if s.Type == Secret && s.Default != "" {
			t.Errorf("%s: a secret has a default", s.Name)
		}
	}
}

// doing returns the verbs that do something of a set.
func doing(d Does) (verbs []Verb) {
	for _, v := range Verbs {
		if v.Does&d != 0 {
			verbs = append(verbs, v.Verb)
		}
	}
	return verbs
}

func TestTheTableOfVerbsHoldsTogether(t *testing.T) {
	seen := map[Verb]bool{}
	for _, v := range Verbs {
		if seen[v.Verb] || v.Help == "" || v.Does == 0 || !strings.HasSuffix(v.Description, ".") {
			t.Errorf("%s is listed twice, or lacks a help, a description or what it does", v.Verb)
		}
		seen[v.Verb] = true
		if named, ok := VerbNamed(string(v.Verb)); !ok || named != v.Verb {
			t.Errorf("%s is not found by its name", v.Verb)
		}
		if only := v.Does&(lists|looks) != 0; only != (v.Action == nil) || only != (len(OutputsOf(v.Verb)) == 0) {
			t.Errorf("%s: a verb that lists or looks inside is for the command line alone, and has no outputs; every other one is an action and has some", v.Verb)
		}
	}
	if v, ok := VerbNamed("launch"); ok || len(Of(v)) > 0 {
		t.Error("there is a verb that is in no table")
	}
}
