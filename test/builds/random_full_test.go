//go:build full

package builds

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// shape is a kind of project, with edits of every kind of its files. In the name and the
// text of an edit, # stands for another number each time, and APP for the application.
type shape struct {
	files func(s *site) map[string]string
	dir   string // of mix.exs
	edits map[string]string
}

// anywhere has edits that fit all shapes.
var anywhere = map[string]string{
	"README.md": "#\n", "CHANGELOG.md": "#\n", "VERSION": "#\n", "docs/page.md": "#\n", "docs/new #.md": "#\n",
	"test/fixture.json": "#\n", "test/one_test.exs": "#\n", ".gitignore": "/_build/\n/deps/\n/generated/\n/ignored#\n",
}

var shapes = map[string]shape{
	"an application": {
		files: func(s *site) map[string]string { return s.reading(s.app + "_lib") },
		edits: map[string]string{
			"priv/words.txt": "#\n", "priv/more #.txt": "#\n", "lib/one.ex": "defmodule One do\n  def say, do: #\nend\n",
			"lib/more_#.ex": "defmodule More# do\n  def say, do: One.say()\nend\n",
		},
	},
	"an umbrella": {
		files: func(s *site) map[string]string {
			files := sample.Umbrella(s.app, s.app+"_one", s.app+"_two")
			maps.Copy(files, readByAll)
			files["apps/"+s.app+"_one/priv/words.txt"] = "one\n"
			files["apps/"+s.app+"_one/lib/reader.ex"] = reads("Reader", "../..")
			return files
		},
		edits: map[string]string{
			"apps/APP_one/priv/words.txt": "#\n", "apps/APP_two/lib/more_#.ex": "defmodule More# do\n  def say, do: #\nend\n",
			"apps/APP_two/lib/same.ex": "defmodule Same do\n  def say, do: #\nend\n", "config/config.exs": "import Config\nconfig :APP_one, n: #\n",
		},
	},
	"a directory of its repository": {
		dir: "services/web",
		files: func(s *site) map[string]string {
			files := sample.Subdirectory(s.app, "services/web")
			maps.Copy(files, readByAll)
			files["services/web/lib/reader.ex"] = reads("Reader", "../..")
			return files
		},
		edits: map[string]string{
			"services/web/lib/one.ex": "defmodule One do\n  def say, do: #\nend\n", "services/web/config/config.exs": "import Config\nconfig :APP, n: #\n",
			"services/web/priv/words.txt": "#\n", "services/web/src/erl.erl": "-module(erl).\n-export([n/0]).\nn() -> #.\n",
		},
	},
}

// settings are what a build may be given, besides the commit.
var settings = []map[string]string{
	{},
	{},
	{"SLIPWAY_BUILD_ENV": "WORD=one"},
	{"SLIPWAY_BEFORE_RELEASE": "mkdir -p generated; echo one >generated/x"},
	{"SLIPWAY_BEFORE_RELEASE": "mkdir -p generated; echo two >generated/x"},
	{"SLIPWAY_BEFORE_RELEASE": "git log -1 --format=%H >README.md"},
}

// Builds of random changes reuse what they may, and are what builds from nothing are.
func TestRandomBuildsEqualCleanOnes(t *testing.T) {
	for n, name := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, fmt.Sprintf("random%d", n))
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			shape := shapes[name]
			if shape.dir != "" {
				s.env["SLIPWAY_PROJECT_DIR"] = shape.dir
			}
			p := s.publish(shape.files(s))
			edits := maps.Clone(anywhere)
			maps.Copy(edits, shape.edits)
			id, _ := s.build()
			s.equalsClean(id, "at first")
			for step := range 8 {
				what := s.edit(p, r, edits, step)
				maps.DeleteFunc(s.env, func(name, _ string) bool {
					return name == "SLIPWAY_BUILD_ENV" || name == "SLIPWAY_BEFORE_RELEASE"
				})
				maps.Copy(s.env, settings[r.IntN(len(settings))])
				what += fmt.Sprintf(" with %q", s.env["SLIPWAY_BUILD_ENV"]+s.env["SLIPWAY_BEFORE_RELEASE"])
				id, _ := s.build()
				s.equalsClean(id, what)
			}
		})
	}
}

// edit changes up to two files and pushes them. Now and then it changes nothing: the same
// commit is built again.
func (s *site) edit(p *sample.Project, r *rand.Rand, edits map[string]string, step int) (what string) {
	s.Helper()
	names := slices.Sorted(maps.Keys(edits))
	for range r.IntN(3) {
		name := names[r.IntN(len(names))]
		number := strings.NewReplacer("APP", s.app, "#", fmt.Sprint(1000+10*step+r.IntN(10)))
		file := number.Replace(name)
		s.Must(p.Write(file, number.Replace(edits[name])))
		what += file + " "
	}
	if what == "" {
		return "nothing"
	}
	s.push(p, what)
	return what
}
