//go:build full

package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

func TestProjectsOfRebar3ThatCannotBeBuilt(t *testing.T) {
	s := newSite(t, "rebarbad")
	for name, c := range map[string]struct {
		file, before, after string
		says                []string
	}{
		"no release":                  {"rebar.config", "{release, {rebarbad, \"0.1.0\"}, [rebarbad, sasl]}, ", "", []string{"rebar.config defines no release"}},
		"links in place of a copy":    {"rebar.config", "{mode, prod}", "{dev_mode, true}, {include_erts, true}", []string{"links to its sources", "{mode, prod}"}},
		"no ERTS":                     {"rebar.config", "{mode, prod}", "{mode, minimal}", []string{"the release has no ERTS", "{include_erts, true} in relx of the profile prod"}},
		"no Erlang terms":             {"rebar.config", "{deps, []}.", "{deps, [}.", []string{"syntax error before", "rebar.config cannot be read"}},
		"dependencies of the profile": {"rebar.config", "{prod, [", "{prod, [{deps, [{x, {git, \"u\", {tag, \"1\"}}}]}, ", []string{"has dependencies in the profile prod, which rebar3 does not lock"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := sample.Rebar(s.app, "", "")
			if !strings.Contains(files[c.file], c.before) {
				t.Fatalf("%s has no %q", c.file, c.before)
			}
			files[c.file] = strings.Replace(files[c.file], c.before, c.after, 1)
			s.publish(files)
			s.refused(1, c.says)
		})
	}
}

// The one that is called as the application is taken, or the one that is named.
func TestOneOfSeveralReleasesOfRebar3(t *testing.T) {
	s := newSite(t, "rebarmany")
	files := sample.Rebar(s.app, "", "")
	files["rebar.config"] = strings.Replace(files["rebar.config"], "{relx, [", "{relx, [{release, {worker, \"0.3.0\"}, [rebarmany]}, ", 1)
	files["rebar.config.script"] = "CONFIG.\n"
	s.publish(files)
	id, _ := s.build()
	if m := s.manifest(id); m.Release != s.app {
		t.Errorf("the release that is called as the application is not the first choice: %s", m.Release)
	}
	id, _ = s.build("--release", "worker")
	if m := s.manifest(id); m.Release != "worker" || m.Version != "0.3.0" || tree(m)["bin/worker"].Path == "" {
		t.Errorf("%+v", m)
	}
	s.refused(1, []string{"rebar.config has no release nobody: it has rebarmany, worker"}, "--release", "nobody")
}

// What is fetched is what rebar.lock names, in whatever form it is written.
func TestTheLockOfRebar3(t *testing.T) {
	s := newSite(t, "rebarlock")
	files, lock := s.rebarProject()
	files["rebar.lock"] = strings.Join(strings.Fields(lock), " ") + "\n"
	p := s.publish(files)
	s.build()
	s.Must(p.Write("rebar.lock", "[].\n"))
	s.push(p, "nothing is locked")
	s.refused(1, []string{"not in rebar.lock: {<<\"rebarlock_lib\">>", "run 'rebar3 lock'"})
}
