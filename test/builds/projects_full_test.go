//go:build full

package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// Every kind of project builds by naming its repository.
func TestProjects(t *testing.T) {
	for _, c := range []struct {
		app     string
		files   func(app string) map[string]string
		env     map[string]string
		release string
		has     string
	}{
		{"withtar", sample.WithTar, nil, "withtar", "lib/withtar-0.1.0/ebin/withtar.app"},
		{"noreleases", sample.NoReleases, nil, "noreleases", "lib/noreleases-0.1.0/ebin/noreleases.app"},
		{"several", sample.SeveralReleases, map[string]string{"SLIPWAY_RELEASE": "worker"}, "worker", "bin/worker"},
		{"umbrella", func(string) map[string]string { return sample.Umbrella("all", "till", "stock") }, nil, "all", "lib/stock-0.1.0/ebin/stock.app"},
		{"subdir", func(app string) map[string]string { return sample.Subdirectory(app, "services/shop") }, map[string]string{"SLIPWAY_PROJECT_DIR": "services/shop"}, "subdir", "bin/subdir"},
		{"assets", sample.WithAssets, map[string]string{"SLIPWAY_BEFORE_RELEASE": "set -- a b\nprintf 'alert(%s)' \"$#\" >priv/static/app.js\n# the end"}, "assets", "lib/assets-0.1.0/priv/static/app.js"},
		{"envreader", sample.EnvReader, map[string]string{"SLIPWAY_BUILD_ENV": "CANARY=tweet"}, "envreader", "bin/envreader"},
		{"staging", sample.Plain, map[string]string{"SLIPWAY_MIX_ENV": "staging"}, "staging", "bin/staging"},
	} {
		t.Run(c.app, func(t *testing.T) {
			s := newSite(t, c.app)
			s.publish(c.files(c.app))
			for name, value := range c.env {
				s.env[name] = value
			}
			for range 2 { // from nothing, then from what is kept
				id, _ := s.build()
				m := s.manifest(id)
				files := tree(m)
				if m.Release != c.release || files[c.has].Path == "" || files["bin/"+c.release].Mode&0o100 == 0 {
					t.Errorf("release %s, %d files; no %s?", m.Release, len(files), c.has)
				}
				for path := range files {
					if strings.HasSuffix(path, ".tar.gz") {
						t.Errorf("%s is in the release", path)
					}
				}
			}
		})
	}
}

// Distillery cannot be fetched here, since hex.pm is out of reach: what builds
// is a project whose distillery is made by hand. It leaves what Distillery 2.1
// leaves, and where.
func TestDistilleryMadeByHand(t *testing.T) {
	s := newSite(t, "distilled")
	commit, err := sample.PublishDistillery(t.Context(), s.lab, t.TempDir())
	s.Must(err)
	p := s.publish(sample.Distillery(s.lab, s.app, commit))
	s.build()
	s.Must(p.SetVersion("0.1.0", "0.2.0"))
	s.push(p, "next")
	id, _ := s.build()
	m := s.manifest(id)
	if m.Version != "0.2.0" || m.Release != s.app {
		t.Errorf("version %s of %s", m.Version, m.Release)
	}
	for path := range tree(m) {
		if strings.Contains(path, "0.1.0") || strings.HasSuffix(path, ".tar.gz") {
			t.Errorf("%s is not of this release", path)
		}
	}
}

// What mix cannot see to have changed is compiled anew.
func TestAFileThatIsReadAtCompileTimeIsNeverStale(t *testing.T) {
	s := newSite(t, "stale")
	files := sample.Plain(s.app)
	files["priv/words.txt"] = "first"
	files["lib/words.ex"] = "defmodule Words do\n  @words File.read!(\"priv/words.txt\")\n  def words, do: @words\nend\n"
	p := s.publish(files)
	s.build()
	s.Must(p.Write("priv/words.txt", "second"))
	s.push(p, "other words")
	id, _ := s.build()
	s.sameAsClean(id, "a file that is read at compile time")
}

// A build that fails in the project's own code keeps the dependencies, and
// nothing of the project.
func TestAfterACompileErrorTheNextBuildIsRight(t *testing.T) {
	s := newSite(t, "mended")
	p := s.publish(sample.Plain(s.app))
	s.build()
	s.Must(p.Write("lib/extra.ex", "defmodule Extra do\nend\n"))
	s.Must(p.Write("lib/broken.ex", "defmodule Broken do\n  def run, do: no_such_function()\nend\n"))
	s.push(p, "broken")
	s.refused(1, []string{"mix release failed", "no_such_function/0"})
	s.Must(p.Remove("lib/broken.ex"))
	s.Must(p.Remove("lib/extra.ex"))
	s.push(p, "mended")
	id, said := s.build()
	if !strings.Contains(said, "the project itself is recompiled") {
		t.Error("it does not say what was kept")
	}
	s.sameAsClean(id, "after a compile error")
}
