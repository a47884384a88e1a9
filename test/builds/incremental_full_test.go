//go:build full

package builds

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/sample"
)

func TestIncrementalBuildsEqualCleanOnes(t *testing.T) {
	s := newSite(t, "incremental")
	s.env["SLIPWAY_INCREMENTAL"] = "true"
	files := sample.Plain(s.app)
	for _, n := range []string{"one", "two", "three"} {
		files["lib/"+n+".ex"] = "defmodule " + strings.ToUpper(n) + " do\n  def say, do: :" + n + "\nend\n"
	}
	p := s.publish(files)
	clean, took, _ := s.timed("--clean", "--incremental=false")
	same, tookSame, _ := s.timed()
	if d := differences(s.manifest(clean), s.manifest(same)); len(d) > 0 {
		s.Errorf("an unchanged build differs in %v", d)
	}

	s.Must(p.Replace("lib/one.ex", ":one", ":changed"))
	s.push(p, "one module")
	one, tookOne, said := s.timed()
	if !strings.Contains(said, "mix compiles what has changed") {
		s.Error("one changed module is no reason to compile everything")
	}
	if d := differences(s.manifest(same), s.manifest(one)); len(d) != 1 || !strings.HasSuffix(d[0], "Elixir.ONE.beam") {
		s.Errorf("with one changed module %v differ", d)
	}
	s.Logf("times: clean 1.00, unchanged %.2f, one module %.2f (of %.1f s)", tookSame.Seconds()/took.Seconds(), tookOne.Seconds()/took.Seconds(), took.Seconds())
	s.sameAsClean(one, "one module")

	s.Must(p.SetVersion("0.1.0", "0.2.0"))
	s.Must(p.Remove("lib/two.ex"))
	s.push(p, "another version, and a module less")
	bumped, said := s.build()
	if !strings.Contains(said, "the project itself is recompiled") {
		s.Error("mix.exs has changed, but the project was not recompiled")
	}
	for path := range tree(s.manifest(bumped)) {
		if strings.Contains(path, "0.1.0") || strings.Contains(path, "TWO") {
			s.Errorf("%s is of an older version", path)
		}
	}
	s.sameAsClean(bumped, "another version")

	s.Must(p.Remove("lib/three.ex"))
	s.push(p, "a module less")
	fewer, said := s.build()
	if !strings.Contains(said, "the project itself is recompiled") {
		s.Error("a module has gone, which mix may not see where modules are found by listing a directory")
	}
	s.sameAsClean(fewer, "a module less")
}

func (s *site) timed(args ...string) (id string, took time.Duration, said string) {
	s.Helper()
	began := time.Now()
	id, said = s.build(args...)
	return id, time.Since(began), said
}

func (s *site) sameAsClean(id, what string) {
	s.Helper()
	clean, said := s.build("--clean", "--incremental=false")
	if !strings.Contains(said, "there are no files of an earlier build") {
		s.Errorf("%s: --clean went on from something", what)
	}
	if d := differences(s.manifest(clean), s.manifest(id)); len(d) > 0 {
		s.Errorf("%s: an incremental build differs from a clean one in %v", what, d)
	}
}
