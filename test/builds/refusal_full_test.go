//go:build full

package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

// What cannot be built is refused with the reason, the same over SSH and on the
// machine itself.
func TestRefusals(t *testing.T) {
	onBoth(t, "refused", func(s *site) {
		p := s.publish(sample.Plain(s.app))
		head := s.push(p, "second")
		for _, c := range []struct {
			name string
			env  map[string]string
			code int
			says []string
		}{
			{"no such repository", map[string]string{"SLIPWAY_REPOSITORY": s.lab.GitURL("nothing")}, 1, []string{"there is no repository " + s.lab.GitURL("nothing"), "may not be read"}},
			{"no such branch", map[string]string{"SLIPWAY_REVISION": "nowhere"}, 1, []string{"there is no branch or tag nowhere in " + p.URL}},
			{"no such commit", map[string]string{"SLIPWAY_REVISION": strings.Repeat("0", 40)}, 1, []string{"commit " + strings.Repeat("0", 40) + " is not in " + p.URL}},
			{"no such directory", map[string]string{"SLIPWAY_PROJECT_DIR": "web"}, 1, []string{"has no directory web"}},
			{"a directory without mix.exs", map[string]string{"SLIPWAY_PROJECT_DIR": "lib"}, 1, []string{"there is neither mix.exs nor rebar.config in lib of the repository"}},
			{"no such release", map[string]string{"SLIPWAY_RELEASE": "other"}, 1, []string{"mix.exs has no release other: it has " + s.app}},
			{"a command that fails", map[string]string{"SLIPWAY_BEFORE_RELEASE": "true\nfalse\necho not here"}, 1, []string{"a command of before-release failed"}},
			{
				"several mistakes in the settings",
				map[string]string{"SLIPWAY_APP": "test/$(id)", "SLIPWAY_BUILD_ENV": "2X=1", "SLIPWAY_REVISION": "a b", "SLIPWAY_PROJECT_DIR": "../x"},
				2,
				[]string{"4 mistakes", "app: ", "build-env: line 1", "revision: ", "project-dir: "},
			},
		} {
			kept := map[string]string{}
			for name, value := range c.env {
				kept[name], s.env[name] = s.env[name], value
			}
			if said := s.refused(c.code, c.says); strings.Contains(said, "not here") {
				s.Errorf("%s: the commands went on", c.name)
			}
			for name := range c.env {
				if s.env[name] = kept[name]; kept[name] == "" {
					delete(s.env, name)
				}
			}
		}
		s.env["SLIPWAY_REVISION"] = head
		s.build()
	})
}

func TestProjectsThatCannotBeBuilt(t *testing.T) {
	for _, c := range []struct {
		app   string
		files func(app string) map[string]string
		says  []string
	}{
		{"badmix", sample.BadMixExs, []string{"mix.exs cannot be loaded", "SyntaxError"}},
		{"withoutmix", sample.WithoutMixExs, []string{"there is neither mix.exs nor rebar.config in the repository's top"}},
		{"broken", sample.BrokenCompile, []string{"mix release failed", "lib/broken.ex:2"}},
		{"undecided", sample.SeveralReleases, []string{"mix.exs has several releases (web, worker): name one as release"}},
		{"noumbrella", func(string) map[string]string { return sample.UmbrellaWithoutReleases("till", "stock") }, []string{"mix.exs defines no release"}},
		{"noerts", func(app string) map[string]string {
			files := sample.Plain(app)
			files["mix.exs"] = strings.Replace(files["mix.exs"], "include_erts: true", "include_erts: false", 1)
			return files
		}, []string{"the release has no ERTS: set 'include_erts: true' in mix.exs"}},
		{"othertools", func(app string) map[string]string {
			files := sample.Plain(app)
			files[".tool-versions"] = "erlang 1.2.3\nelixir 9.9.9\nzig 1\n"
			return files
		}, []string{"pins erlang 1.2.3, but the build server has 25.2.3", "pins elixir 9.9.9, but the build server has 1.14.0", "pins zig 1, but the build server has none"}},
		{"nolock", func(app string) map[string]string {
			files := sample.Plain(app)
			files["mix.exs"] = strings.Replace(files["mix.exs"], "app: :", `deps: [{:nolib, git: "git@git.apxr.test:nolib.git"}], app: :`, 1)
			return files
		}, []string{"the commit has dependencies and no mix.lock"}},
	} {
		t.Run(c.app, func(t *testing.T) {
			s := newSite(t, c.app)
			if c.app == "nolock" {
				lib := newSite(t, "nolib")
				lib.publish(sample.Plain("nolib"))
			}
			s.publish(c.files(c.app))
			s.refused(1, c.says)
		})
	}
}

func TestBuildHostsThatCannotBuild(t *testing.T) {
	s := newSite(t, "nohosts")
	s.publish(sample.Plain(s.app))
	for _, c := range []struct{ name, prepare, undo, says string }{
		{"without Elixir", "mv /usr/bin/mix /usr/bin/mix.away", "mv /usr/bin/mix.away /usr/bin/mix", "mix is not on the PATH of deploy: install Elixir on the build server"},
		{"with a disk that fills up", "mkdir -p /home/deploy/slipway; mount -t tmpfs -o size=400m,mode=777 full /home/deploy/slipway", "umount /home/deploy/slipway", "the build server's disk is full"},
		{"without inodes", "mkdir -p /home/deploy/slipway; mount -t tmpfs -o size=400m,nr_inodes=5000,mode=777 full /home/deploy/slipway", "umount /home/deploy/slipway", "inodes left"},
		{"without readelf", "mv /usr/bin/readelf /usr/bin/readelf.away", "mv /usr/bin/readelf.away /usr/bin/readelf", "install binutils"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			if c.name == "with a disk that fills up" {
				s.env["SLIPWAY_BEFORE_RELEASE"] = "cat /dev/zero >zero || true"
				defer delete(s.env, "SLIPWAY_BEFORE_RELEASE")
			}
			s.cannotBuild(c.prepare, c.undo, c.says)
		})
	}
	s.build()
}

// in is the same site for a subtest.
func (s *site) in(t *testing.T) *site {
	v := *s
	v.T = world.T{T: t}
	return &v
}
