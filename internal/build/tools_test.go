package build

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/apxr/slipway/internal/script"
)

func TestCheckTools(t *testing.T) {
	have := map[string]string{
		"erlang": "26.2.5", "elixir": "1.16.3", "just": "just 1.14.0", "golang": "go version go1.22.1 linux/amd64",
		"terraform": "Terraform v1.5.7", "java": `openjdk version "17.0.2" 2022-01-18`,
		"jq": "jq-1.7.1", "shellcheck": "ShellCheck - shell script analysis tool version: 0.9.0 license: GNU", "minio": "", "kubectl": "error: unknown flag: --version" + strings.Repeat(" and more", 20),
	}
	for name, c := range map[string]struct {
		want    string // .tool-versions, with ; for a line break; a third word is what the manager has for it
		manager string
		errs    []string
	}{
		"nothing is pinned":             {"", "", nil},
		"what there is":                 {"erlang 26.2.5;elixir 1.16.3", "", nil},
		"Elixir for this OTP":           {"elixir 1.16.3-otp-26", "", nil},
		"Elixir for another OTP":        {"elixir 1.16.3-otp-25", "", []string{"elixir 1.16.3-otp-25", "has 1.16.3"}},
		"another Elixir":                {"elixir 1.16.30", "", []string{"elixir 1.16.30"}},
		"another Erlang":                {"erlang 26.2", "", []string{"erlang 26.2,", "has 26.2.5", "install the pinned version"}},
		"all mistakes at once":          {"erlang 25.0;elixir 1.15.0;nodejs 20.0.0", "", []string{"erlang 25.0", "elixir 1.15.0", "nodejs 20.0.0"}},
		"a tool that is not there":      {"nodejs 20.1.0", "", []string{"nodejs 20.1.0", "none on its PATH", "asdf or mise"}},
		"system is whatever there is":   {"nodejs system;erlang system", "", nil},
		"other tools as they should be": {"just 1.14.0;golang 1.22.1;terraform 1.5.7;java 17.0.2", "", nil},
		"other tools that differ":       {"just 1.1;golang 1.22;terraform 1.5", "", []string{"just 1.1,", `says "just 1.14.0"`, "golang 1.22,", "terraform 1.5,"}},
		"other tools nobody can ask":    {"zig 0.1", "", []string{"zig 0.1", "none on its PATH"}},
		"a manager has installed them":  {"zig 0.1;erlang 26.2.5", "asdf", nil},
		"a manager took another":        {"erlang 26", "mise", []string{"pins erlang 26,", "has 26.2.5", "exact version"}},
		"lines that have the version":   {"jq 1.7.1;shellcheck 0.9.0;java openjdk-17.0.2", "", nil},
		"a manager's word for others":   {"just 9.9;jq 1.8;minio 2024.01.01;zig 1", "asdf", nil},
		"not the manager's word alone":  {"elixir 1.15.0", "asdf", []string{".tool-versions:7 pins elixir 1.15.0, but the build server has 1.16.3: pin the exact version"}},
		"what mise has chosen":          {"erlang 26 26.2.5;elixir latest 1.16.3-otp-26;jq latest 1.9", "mise", nil},
		"chosen, but not used":          {"erlang 26 26.2.6", "mise", []string{"pins erlang 26, but the build server has 26.2.5"}},
		"a program that says nothing":   {"minio 1", "", []string{"pins minio 1, but that of the build server does not say its version: install asdf or mise there"}},
		"a program that says no":        {"kubectl 1.29.0", "", []string{`pins kubectl 1.29.0, but that of the build server says "error: unknown flag: --version and more`, `...": install the pinned version there, or asdf or mise`}},
		"a commit by a manager":         {"erlang ref:abc", "asdf", nil},
		"a commit without a manager":    {"erlang ref:abc", "", []string{"erlang ref:abc"}},
	} {
		t.Run(name, func(t *testing.T) {
			chain := script.Toolchain{Have: have, Manager: c.manager}
			for line := range strings.SplitSeq(c.want, ";") {
				words := strings.Fields(line)
				if len(words) == 0 {
					continue
				}
				pin := script.Pin{Tool: words[0], Version: words[1], Place: ".tool-versions:7"}
				chain.Want = append(chain.Want, pin)
				if c.manager != "" {
					pin.Version = words[len(words)-1]
					chain.Found = append(chain.Found, pin)
				}
			}
			err := checkTools(chain)
			if (err == nil) != (c.errs == nil) {
				t.Fatalf("%v", err)
			}
			for _, words := range c.errs {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
}

// A file such as .nvmrc may have the first numbers alone, and counts only if nothing else
// pins the tool and the tool is there.
func TestFilesOfOtherProgramsAreHeeded(t *testing.T) {
	for name, c := range map[string]struct {
		have, version string
		pinned        bool
		says          string
	}{
		"the version":        {"v20.1.0", "20.1.0", false, ""},
		"with a v":           {"v20.1.0", "v20.1.0", false, ""},
		"its beginning":      {"v20.1.0", "20", false, ""},
		"another one":        {"v20.1.0", "2", false, "web/.nvmrc:1 names nodejs 2, but the build server has v20.1.0: pin the exact version of nodejs in .tool-versions"},
		"a name":             {"v20.1.0", "lts/*", false, "names nodejs lts/*, but the build server has v20.1.0"},
		"pinned elsewhere":   {"v20.1.0", "18", true, ""},
		"there is no nodejs": {"", "18", false, ""},
	} {
		chain := script.Toolchain{Have: map[string]string{"nodejs": c.have}, Heed: []script.Pin{{Tool: "nodejs", Version: c.version, Place: "web/.nvmrc:1"}}}
		if c.pinned {
			chain.Manager, chain.Want = "mise", []script.Pin{{Tool: "node", Version: "20.1.0", Place: "mise.toml"}}
		}
		err := checkTools(chain)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheLogSaysWhoseToolsAreUsed(t *testing.T) {
	t.Parallel()
	chain := script.Toolchain{Have: map[string]string{"erlang": "26.2.5", "elixir": "1.16.3"}, From: map[string]string{"erlang": "the PATH", "elixir": "mise"}, Manager: "mise"}
	if got := sayOrigins(chain); got != "Elixir 1.16.3 from mise, Erlang/OTP 26.2.5 from the PATH" || otherTools(chain) != "" || len(sayChosen(chain)) != 0 {
		t.Errorf("%q, %q, %q", got, otherTools(chain), sayChosen(chain))
	}
	chain.From["erlang"] = "mise"
	if got := sayOrigins(chain); got != "Elixir 1.16.3, Erlang/OTP 26.2.5 from mise" {
		t.Error(got)
	}
	chain.Want = []script.Pin{{Tool: "erlang", Version: "26"}, {Tool: "elixir", Version: "1.16.3"}, {Tool: "jq", Version: "latest"}, {Tool: "zig", Version: "system"}, {Tool: "just", Version: "v1"}}
	for i := range chain.Want {
		chain.Want[i].Place = "mise.toml"
		found := chain.Want[i]
		found.Version = []string{"26.2.5", "1.16.3", "1.7.1", "system", "1"}[i]
		chain.Found = append(chain.Found, found)
	}
	const tomorrow = ": it may choose another version tomorrow"
	want := []string{"mise.toml pins erlang to 26, for which mise has chosen 26.2.5" + tomorrow, "mise.toml pins jq to latest, for which mise has chosen 1.7.1" + tomorrow}
	if got := sayChosen(chain); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// rebar3 builds without Elixir.
	delete(chain.Have, "elixir")
	if got := sayOrigins(chain); got != "Erlang/OTP 26.2.5 from mise" {
		t.Error(got)
	}
	if got := otherTools(chain); got != "jq 1.7.1, zig system, just 1" {
		t.Errorf("%q", got)
	}
	chain.Manager, chain.Found = "", nil
	if got := otherTools(chain); got != "jq latest, zig system, just v1" || len(sayChosen(chain)) != 0 {
		t.Errorf("%q", got)
	}
}

func TestStateIsKeyedByWhatMakesItInvalid(t *testing.T) {
	chain := func(change func(*script.Toolchain)) script.Toolchain {
		c := script.Toolchain{OS: "Linux", Arch: "x86_64", Libc: "glibc 2.36", Have: map[string]string{"erlang": "26", "elixir": "1.16", "nodejs": "20"}, ToolVersions: "t"}
		change(&c)
		return c
	}
	plan := func(change func(*Plan)) Plan {
		p := Plan{MixEnv: "prod", Dir: ".", Env: []script.Variable{{Name: "A", Value: "1"}}}
		change(&p)
		return p
	}
	same := stateKey(chain(func(*script.Toolchain) {}), script.Project{MixLock: "m"}, plan(func(*Plan) {}))
	if same != stateKey(chain(func(*script.Toolchain) {}), script.Project{MixLock: "m"}, plan(func(p *Plan) { p.Revision, p.Clean, p.Release = "x", true, "y" })) {
		t.Error("a setting that does not affect compilation changes the key")
	}
	keys := map[string]string{same: "nothing"}
	check := func(what, key string) {
		if keys[key] != "" {
			t.Errorf("%s has the key of %s", what, keys[key])
		}
		keys[key] = what
	}
	for what, change := range map[string]func(*script.Toolchain){
		"os": func(c *script.Toolchain) { c.OS = "x" }, "arch": func(c *script.Toolchain) { c.Arch = "x" },
		"libc": func(c *script.Toolchain) { c.Libc = "x" }, "erlang": func(c *script.Toolchain) { c.Have["erlang"] = "x" },
		"elixir":         func(c *script.Toolchain) { c.Have["elixir"] = "x" },
		".tool-versions": func(c *script.Toolchain) { c.ToolVersions = "x" },
	} {
		check(what, stateKey(chain(change), script.Project{MixLock: "m"}, plan(func(*Plan) {})))
	}
	check("mix.lock", stateKey(chain(func(*script.Toolchain) {}), script.Project{MixLock: "x"}, plan(func(*Plan) {})))
	for what, change := range map[string]func(*Plan){
		"mix-env": func(p *Plan) { p.MixEnv = "staging" }, "project-dir": func(p *Plan) { p.Dir = "x" },
		"a variable's value": func(p *Plan) { p.Env[0].Value = "2" }, "another variable": func(p *Plan) { p.Env = append(p.Env, p.Env[0]) },
	} {
		check(what, stateKey(chain(func(*script.Toolchain) {}), script.Project{MixLock: "m"}, plan(change)))
	}
}

// GitHub publishes these fingerprints with the keys.
func TestGitHubsHostKeysAreThePublishedOnes(t *testing.T) {
	want := map[string]string{
		"ssh-ed25519":         "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
		"ecdsa-sha2-nistp256": "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
		"ssh-rsa":             "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
	}
	rest := []byte(gitHubHostKeys)
	for len(want) > 0 {
		marker, hosts, key, _, more, err := ssh.ParseKnownHosts(rest)
		if err != nil || marker != "" || strings.Join(hosts, " ") != "github.com [ssh.github.com]:443" || ssh.FingerprintSHA256(key) != want[key.Type()] {
			t.Fatalf("%q %q: %v", hosts, marker, err)
		}
		delete(want, key.Type())
		rest = more
	}
	if len(rest) > 0 {
		t.Errorf("more: %s", rest)
	}
}

func TestTheReleaseIsFoundOrNamed(t *testing.T) {
	for name, c := range map[string]struct {
		project script.Project
		named   string
		want    script.Assembling
		says    string
	}{
		"the one in mix.exs":          {script.Project{App: "a", Releases: []string{"web"}}, "", script.Assembling{Release: "web", Named: true}, ""},
		"mix's own":                   {script.Project{App: "a", Elixir: "1.9.0"}, "", script.Assembling{Release: "a"}, ""},
		"named":                       {script.Project{App: "a", Releases: []string{"web", "worker"}}, "worker", script.Assembling{Release: "worker", Named: true}, ""},
		"the default":                 {script.Project{App: "a", Releases: []string{"web", "worker"}, DefaultRelease: "worker"}, "", script.Assembling{Release: "worker", Named: true}, ""},
		"called as the application":   {script.Project{App: "x", Releases: []string{"web", "a"}}, "", script.Assembling{Release: "a", Named: true}, ""},
		"of an umbrella":              {script.Project{Umbrella: true, Releases: []string{"all"}}, "", script.Assembling{Release: "all", Named: true}, ""},
		"Distillery's":                {script.Project{App: "a", Elixir: "1.6.0", Distillery: true, DistilleryReleases: []string{"a"}}, "", script.Assembling{Release: "a", Distillery: true, Named: true}, ""},
		"mix.exs before Distillery's": {script.Project{App: "a", Releases: []string{"a"}, Distillery: true, DistilleryReleases: []string{"b"}}, "", script.Assembling{Release: "a", Named: true}, ""},
		"several":                     {script.Project{App: "x", Releases: []string{"web", "worker"}}, "", script.Assembling{}, "several releases (web, worker): name one as release"},
		"several of Distillery":       {script.Project{App: "x", Distillery: true, DistilleryReleases: []string{"b", "c"}}, "", script.Assembling{}, "rel/config.exs has several releases (b, c)"},
		"no such":                     {script.Project{App: "a", Releases: []string{"web"}}, "db", script.Assembling{}, "mix.exs has no release db: it has web"},
		"an umbrella without":         {script.Project{Umbrella: true, Elixir: "1.14.0"}, "", script.Assembling{}, "mix.exs defines no release, which an umbrella needs"},
		"an old Elixir without":       {script.Project{App: "a", Elixir: "1.8.2"}, "", script.Assembling{}, "Elixir 1.8.2 has no releases of its own"},
		"Distillery without":          {script.Project{App: "a", Distillery: true}, "", script.Assembling{}, "rel/config.exs defines no release"},
	} {
		got, err := chooseRelease(c.project, c.named, "a")
		if got != c.want && c.says == "" || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestFilesOfDiagnosticsAreThoseOfTheRepository(t *testing.T) {
	for _, c := range []struct {
		dir             string
		umbrella        bool
		app, file, want string
	}{
		{".", false, "", "lib/a.ex", "lib/a.ex"},
		{"web", false, "", "lib/a.ex", "web/lib/a.ex"},
		{".", true, "one", "lib/a.ex", "apps/one/lib/a.ex"},
		{".", true, "one", "apps/one/lib/a.ex", "apps/one/lib/a.ex"},
		{"back", true, "one", "lib/a.ex", "back/apps/one/lib/a.ex"},
		{".", false, "dep", "deps/dep/lib/a.ex", ""},
		{".", false, "", "/usr/lib/elixir/lib/x.ex", ""},
	} {
		b := &build{plan: Plan{Dir: c.dir}, project: script.Project{Umbrella: c.umbrella}}
		if got := b.inRepository(c.app, c.file); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
