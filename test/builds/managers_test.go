package builds

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/managers"
	"github.com/apxr/slipway/test/sample"
)

// manager is how a version manager comes onto the build host, and what the log
// calls it.
type manager struct {
	name    string
	install func(context.Context, *lab.Lab, *lab.Host) error
}

var (
	mise    = manager{"mise", managers.InstallMise}
	classic = manager{"asdf", asdf(managers.Classic)}
)

// asdf is what stands in for asdf, written from its documentation.
func asdf(generation managers.Generation) func(context.Context, *lab.Lab, *lab.Host) error {
	return func(ctx context.Context, l *lab.Lab, h *lab.Host) error {
		return managers.InstallAsdf(ctx, l, h, generation)
	}
}

// managed puts a manager onto the build host for as long as a test runs.
func (s *site) managed(by manager) {
	s.Helper()
	s.Must(managers.RemoveManagers(s.Context(), s.host))
	s.Must(by.install(s.Context(), s.lab, s.host))
	s.Cleanup(func() { s.Must(managers.RemoveManagers(lateContext(), s.host)) })
}

// isBuiltBy builds, and checks that the tools were the manager's.
func (s *site) isBuiltBy(by manager, elixir string) (id string) {
	s.Helper()
	id, said := s.build()
	s.Says(said, "Erlang/OTP 25.2.3 from "+by.name)
	if m := s.manifest(id); m.Elixir != "1.14.0" || m.OTP != "25.2.3" || m.ToolVersions == "" {
		s.Errorf("the manifest says Elixir %s, OTP %s", m.Elixir, m.OTP)
	}
	used, err := managers.Used(s.Context(), s.host)
	s.Must(err)
	for _, tool := range []string{"elixir " + elixir, "erlang 25.2.3"} {
		if !slices.Contains(used, tool) {
			s.Errorf("%s was not used: %q", tool, used)
		}
	}
	return id
}

// Without a release in mix.exs, mix makes one of the application.
func TestMiseInstallsAndSelectsWhatIsPinned(t *testing.T) {
	s := newSite(t, "by_mise")
	s.managed(mise)
	files := sample.NoReleases(s.app)
	files[".tool-versions"] = "# pinned\nerlang 25.2.3\nelixir 1.14.0-otp-25 # for this OTP\n"
	s.publish(files)
	if m := s.manifest(s.isBuiltBy(mise, "1.14.0-otp-25")); m.Release != s.app {
		t.Errorf("the release is %s", m.Release)
	}
}

// One project with all that mix.exs and the settings can say of where and what
// the release is: an umbrella in a directory, with two releases that pack
// themselves, another environment, and a file that a command makes first.
func TestAsdfInstallsAndSelectsWhatIsPinned(t *testing.T) {
	s := newSite(t, "by_asdf")
	s.managed(classic)
	const dir = "services/shop/"
	files := map[string]string{".tool-versions": "just 9.9.9\n"}
	for name, text := range sample.Umbrella("web", "till", "stock") {
		files[dir+name] = text
	}
	files[dir+"mix.exs"] = strings.Replace(files[dir+"mix.exs"], "releases: [web: [", "releases: [web: [], worker: [steps: [:assemble, :tar], ", 1)
	files[dir+"apps/till/priv/robots.txt"] = ""
	p := s.publish(files)
	s.env["SLIPWAY_PROJECT_DIR"], s.env["SLIPWAY_RELEASE"], s.env["SLIPWAY_MIX_ENV"] = "services/shop", "worker", "staging"
	s.env["SLIPWAY_BEFORE_RELEASE"] = "set -- a b\nprintf 'alert(%s)' \"$#\" >apps/till/priv/app.js\n# the end"
	s.refused(1, []string{"pins just 9.9.9, which asdf cannot install", "no such version: 9.9.9"})
	s.Must(p.Replace(".tool-versions", "just 9.9.9", "erlang 25.2.3\nelixir 1.14.0"))
	s.push(p, "tools that there are")
	m := s.manifest(s.isBuiltBy(classic, "1.14.0"))
	tree := tree(m)
	if m.Release != "worker" || tree["lib/stock-0.1.0/ebin/stock.app"].Path == "" || tree["bin/worker"].Mode&0o100 == 0 || tree["lib/till-0.1.0/priv/app.js"].Path == "" {
		t.Errorf("release %s, %d files", m.Release, len(tree))
	}
	for path := range tree {
		if strings.HasSuffix(path, ".tar.gz") {
			t.Errorf("%s is in the release", path)
		}
	}
}
