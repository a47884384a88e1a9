package builds

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// reads returns the text of a module that reads everything that a compiler does not know
// of. The paths are from the project's directory.
func reads(module, top string) string {
	return fmt.Sprintf(`defmodule %s do
  {head, 0} = System.cmd("git", ["rev-parse", "HEAD"])
  @head head
  @file_of_git File.read!("%[2]s/.git/HEAD")
  @commit System.get_env("SLIPWAY_COMMIT") || raise "the build has no SLIPWAY_COMMIT"
  @texts ~w(*.md VERSION test/*.* docs/* generated/* priv/*.txt lib/one.ex apps/*/lib/*.ex apps/*/priv/*)
         |> Enum.flat_map(&Path.wildcard("%[2]s/" <> &1))
         |> Enum.map(&{&1, File.read!(&1)})
  def all, do: {@head, @file_of_git, @commit, @texts}
end
`, module, top)
}

// readByAll is what the module of reads finds.
var readByAll = map[string]string{
	"README.md": "one\n", "CHANGELOG.md": "one\n", "VERSION": "one\n", "test/fixture.json": "1\n", "test/one_test.exs": "# one\n", "docs/page.md": "one\n",
}

// reading is a project whose modules and configuration read files. lib is a dependency
// that is compiled with what the configuration has read.
func (s *site) reading(lib string) map[string]string {
	s.Helper()
	files := sample.Plain(s.app)
	maps.Copy(files, readByAll)
	files["priv/words.txt"] = "one\n"
	files["lib/one.ex"] = "defmodule One do\n  def say, do: :one\nend\n"
	files["lib/reader.ex"] = reads("Reader", ".")
	s.configured(files, lib)
	return files
}

// configured makes a project depend on a library that is compiled with what the
// configuration reads from priv/words.txt.
func (s *site) configured(files map[string]string, lib string) {
	s.Helper()
	own := sample.Plain(lib)
	own["lib/words.ex"] = "defmodule Words do\n  @words Application.get_env(:" + lib + ", :words)\n  def words, do: @words\nend\n"
	p, err := sample.PublishTree(s.Context(), s.lab, s.TempDir(), lib, own)
	s.Must(err)
	s.needs(files, lib, s.Tool("git", "-C", p.Dir(), "rev-parse", "HEAD"))
	words := "priv/words.txt"
	if _, ok := files[words]; !ok {
		words = "apps/one/priv/words.txt"
	}
	files["config/config.exs"] = "import Config\nconfig :" + lib + ", words: File.read!(\"" + words + "\")\n"
}

// clean builds the same commit from nothing, as another application of the build host.
func (s *site) clean(args ...string) (id string, at *site) {
	s.Helper()
	other := *s
	other.env = maps.Clone(s.env)
	other.app = s.app + "_clean"
	other.env["SLIPWAY_APP"] = org + "/" + other.app
	other.ForVerb = func(string) (settings []string) {
		for name, value := range other.env {
			settings = append(settings, name+"="+value)
		}
		return settings
	}
	id, _ = other.build(append([]string{"--clean"}, args...)...)
	return id, &other
}

// equalsClean checks that a build is what a build from nothing makes of its commit.
func (s *site) equalsClean(id, what string, args ...string) {
	s.Helper()
	cleanID, other := s.clean(args...)
	if d := differences(other.manifest(cleanID), s.manifest(id)); len(d) > 0 {
		s.Errorf("%s: %v differ from a build from nothing", what, d)
	}
}

// What configuration and modules read is not known to mix, and the release has it all the
// same: from the commit that is built.
func TestWhatIsReadWhileCompilingIsOfTheCommit(t *testing.T) {
	s := newSite(t, "reading")
	p := s.publish(s.reading(s.app + "_lib"))
	first, _ := s.build()
	again, said := s.build()
	s.Says(said, "compiled files of an earlier build of this commit are reused")
	s.same(first, again, "an unchanged build")

	s.Must(p.Write("README.md", "two\n"))
	s.push(p, "a text, and the commit")
	second, said := s.build()
	s.Says(said, "compiled dependencies of an earlier build are reused; the project itself is recompiled")
	if d := differences(s.manifest(first), s.manifest(second)); len(d) != 1 || !strings.HasSuffix(d[0], "Elixir.Reader.beam") {
		t.Errorf("%v differ", d)
	}

	// The answers that are remembered do not know what the configuration reads.
	s.Must(p.Write("priv/words.txt", "two\n"))
	s.push(p, "what the configuration comes to")
	third, said := s.build()
	s.Says(said, "it is built once more", "there are no files of an earlier build with these tools, dependencies, configuration and settings")
	s.equalsClean(third, "what the configuration comes to")
	s.nothingLeft()
}
