package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// rebarProject publishes a library, and returns a project that depends on it and locks it.
func (s *site) rebarProject() (files map[string]string, lock string) {
	s.Helper()
	lib := s.app + "_lib"
	p, err := sample.PublishTree(s.Context(), s.lab, s.TempDir(), lib, sample.RebarLibrary(lib))
	s.Must(err)
	url := s.lab.GitURL(lib)
	return sample.Rebar(s.app, lib, url), sample.RebarLock(lib, url, s.Tool("git", "-C", p.Dir(), "rev-parse", "HEAD"))
}

// A project of rebar3 becomes a release like any other: of a commit, with what it locks and
// with ERTS.
func TestAProjectOfRebar3IsBuilt(t *testing.T) {
	s := newSite(t, "rebar")
	files, lock := s.rebarProject()
	p := s.publish(files)
	s.refused(1, []string{"the commit has dependencies and no rebar.lock", "'rebar3 lock'"})
	s.Must(p.Write("rebar.lock", lock))
	revision := s.push(p, "locked")
	id, said := s.build()
	s.Says(said, "release rebar", "Erlang/OTP 25.2.3")
	m := s.manifest(id)
	if m.Revision != revision || m.Version != "0.1.0" || m.Release != "rebar" || m.OTP != "25.2.3" || m.Elixir != "" || m.MixLock == "" || m.NewestGlibc() == "" {
		t.Errorf("%+v", m)
	}
	for _, path := range []string{"bin/rebar", "erts-" + m.ERTS + "/bin/beam.smp", "lib/rebar_lib-1.0.0/ebin/rebar_lib.beam", "releases/0.1.0/start.boot"} {
		if tree(m)[path].Path == "" {
			t.Errorf("%s is not in the release", path)
		}
	}
	again, _ := s.build()
	s.same(id, again, "the same commit")
	s.Says(s.OK("artifacts").Stdout, again+"  0.1.0    "+revision[:12]+"  main")

	s.Must(p.Write("src/broken.erl", "-module(broken).\n-export([x/0]).\nx() -> missing().\n"))
	s.push(p, "broken")
	said = s.refused(1, []string{"rebar3 release failed", "function missing/0 undefined"})
	if strings.Contains(said, "\x1b") {
		t.Error("the log has colours")
	}
	s.nothingLeft()
}
