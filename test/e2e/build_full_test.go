//go:build full

package e2e

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/world"
)

func TestBuildRefusals(t *testing.T) {
	w := newSite(t)
	_, rev := w.build("good")
	const artifacts = "ls /home/deploy/slipway/apxr/apxr_io/artifacts"
	before := w.root(w.lab.Host("build"), artifacts)
	w.Must(w.project.Write(".tool-versions", "erlang 1.2.3\nelixir 9.9.9\n"))
	otherTools := w.push("other tools")
	w.Must(w.project.Replace("mix.lock", `"apxr_greeting"`, `"something_else"`))
	w.Must(w.project.Write(".tool-versions", ""))
	staleLock := w.push("stale lock")
	cases := []struct {
		name, repository, revision string
		says                       []string
	}{
		{"no such commit", w.project.URL, strings.Repeat("0", 40), []string{"commit 0000000000000000000000000000000000000000 is not in " + w.project.URL}},
		{"no such repository", w.lab.GitURL("nothing"), rev, []string{"there is no repository git@git.apxr.test:nothing.git, or it may not be read"}},
		{"other tools", w.project.URL, otherTools, []string{"pins erlang 1.2.3, but the build server has", "pins elixir 9.9.9, but the build server has"}},
		{"a lock that does not fit", w.project.URL, staleLock, []string{"mix.lock does not match mix.exs", `+  "apxr_greeting"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &site{w.Person, w.lab, w.project}
			w.T = world.T{T: t}
			w.Red(1, w.Slipway("build-release", "--repository", c.repository, "--revision", c.revision), c.says...)
			if after := w.root(w.lab.Host("build"), artifacts); after != before {
				t.Errorf("a failed build changed the artifacts from %s to %s", before, after)
			}
		})
	}
	w.OK("build-release", "--revision", rev)
}
