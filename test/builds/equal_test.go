package builds

import (
	"strings"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// changing is a project with modules, and a file that one of them reads when it
// is compiled.
func changing(app string) map[string]string {
	files := sample.Plain(app)
	for _, n := range []string{"one", "two"} {
		files["lib/"+n+".ex"] = "defmodule " + strings.ToUpper(n) + " do\n  def say, do: :" + n + "\nend\n"
	}
	files["priv/words.txt"] = "first"
	files["lib/words.ex"] = "defmodule Words do\n  @words File.read!(\"priv/words.txt\")\n  def words, do: @words\nend\n"
	return files
}

// Each build goes on from what the former one has kept, and each release is what
// a build from nothing makes of the same commit; also after builds that died.
func TestEveryBuildEqualsACleanOne(t *testing.T) {
	s := newSite(t, "equal")
	p := s.publish(changing(s.app))
	clean, _ := s.build()

	s.Must(p.Replace("lib/one.ex", ":one", ":changed"))
	s.push(p, "one module")
	one, said := s.build("--incremental")
	s.Says(said, "mix compiles what has changed")
	if d := differences(s.manifest(clean), s.manifest(one)); len(d) != 1 || !strings.HasSuffix(d[0], "Elixir.ONE.beam") {
		t.Errorf("with one changed module %v differ", d)
	}
	s.Must(p.Replace("lib/one.ex", ":changed", ":one"))
	s.push(p, "as before")
	back, said := s.build("--incremental")
	s.Says(said, "mix compiles what has changed")
	s.same(clean, back, "a module changed and changed back")

	s.Must(p.SetVersion("0.1.0", "0.2.0"))
	s.Must(p.Remove("lib/two.ex"))
	s.Must(p.Write("priv/words.txt", "second"))
	s.push(p, "another version, a module less, and what mix does not see")
	next, said := s.build("--incremental", "--keep-artifacts", "1", "--keep-artifacts-for", "1h")
	s.Says(said, "the project itself is recompiled")
	for path := range tree(s.manifest(next)) {
		if strings.Contains(path, "0.1.0") || strings.Contains(path, "TWO") {
			t.Errorf("%s is of an older version", path)
		}
	}
	if got := s.artifacts(); got != strings.Join([]string{clean, one, back, next}, "\n") {
		t.Errorf("what is younger than an hour was removed: %s", got)
	}

	// A build that died has taken with it what was kept: the next one is clean.
	s.dies("Release", syscall.SIGKILL)
	s.dies("Check out", syscall.SIGINT)
	again, said := s.build("--keep-artifacts", "2", "--keep-artifacts-for", "0s")
	s.Says(said, "old artifacts removed: ")
	s.same(next, again, "another version, after builds that died")
	if got := s.artifacts(); got != next+"\n"+again {
		t.Errorf("artifacts: %s", got)
	}
	s.nothingLeft()
	s.noCompiler()
}

// same checks that two artifacts are the same release.
func (s *site) same(one, other, what string) {
	s.Helper()
	if d := differences(s.manifest(one), s.manifest(other)); len(d) > 0 {
		s.Errorf("%s: %v differ", what, d)
	}
}
