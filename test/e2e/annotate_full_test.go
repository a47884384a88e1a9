//go:build full

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
)

// What the compiler complains of is an annotation on its file and line, and the
// summary says which phases the build came through.
func TestCompileProblemsAreAnnotations(t *testing.T) {
	w := newSite(t)
	build := func(message string) (*step, error) {
		s := w.step(config.BuildRelease, map[string]string{
			"app": "apxr/apxr_io", "build-host": w.lab.Host("build").Addr, "repository": w.project.URL, "revision": w.push(message),
			"ssh-key": w.Read(w.lab.DeployKeyPath()), "known-hosts": w.Read(w.lab.KnownHostsPath()),
		})
		return s, s.Run()
	}
	says := func(s *step, words ...string) {
		t.Helper()
		for _, want := range words {
			if log := s.log.String(); !strings.Contains(log, want) {
				t.Errorf("the log does not say %q:\n%s", want, log)
			}
		}
	}
	w.Must(w.project.Write("lib/apxr_io/warned.ex", "defmodule ApxrIo.Warned do\n  def run(unused), do: :ok\nend\n"))
	step, err := build("warned")
	if err != nil {
		t.Errorf("a warning makes the step red: %v", err)
	}
	says(step, "::group::Release", "::warning file=lib/apxr_io/warned.ex,line=2", `variable "unused" is unused`)

	w.Must(w.project.Write("lib/apxr_io/broken.ex", "defmodule ApxrIo.Broken do\n\n  def run, do: no_such_function()\nend\n"))
	if step, err = build("broken"); err == nil {
		t.Error("the step is green")
	}
	says(step, "::error file=lib/apxr_io/broken.ex,line=3", "undefined function no_such_function/0", "::error::mix release failed: lib/apxr_io/broken.ex:3: ")
	summary, err := os.ReadFile(step.summary)
	w.Must(err)
	for _, want := range []string{"| Phase of the build | Took |", "| Dependencies | ", "### ❌ build-release failed", "mix release failed"} {
		if !strings.Contains(string(summary), want) {
			t.Errorf("the summary does not say %q:\n%s", want, summary)
		}
	}
}
