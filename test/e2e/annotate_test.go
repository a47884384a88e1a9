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
	w := newWorld(t)
	w.must(w.project.Write("lib/apxr_io/warned.ex", "defmodule ApxrIo.Warned do\n  def run(unused), do: :ok\nend\n"))
	w.must(w.project.Write("lib/apxr_io/broken.ex", "defmodule ApxrIo.Broken do\n\n  def run, do: no_such_function()\nend\n"))
	revision := w.push("broken")
	step := w.step(config.BuildRelease, map[string]string{
		"app": "apxr/apxr_io", "build-host": w.lab.Host("build").Addr, "repository": w.project.URL, "revision": revision,
		"ssh-key": w.read(w.lab.DeployKeyPath()), "known-hosts": w.read(w.lab.KnownHostsPath()),
	})
	if err := step.Run(); err == nil {
		t.Error("the step is green")
	}
	log := step.log.String()
	for _, want := range []string{
		"::group::Release", "::warning file=lib/apxr_io/warned.ex,line=2", "::error file=lib/apxr_io/broken.ex,line=3",
		`variable "unused" is unused`, "undefined function no_such_function/0", "::error::mix release failed",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	summary, err := os.ReadFile(step.summary)
	w.must(err)
	for _, want := range []string{"| Phase of the build | Took |", "| Dependencies | ", "### build-release failed", "mix release failed"} {
		if !strings.Contains(string(summary), want) {
			t.Errorf("the summary does not say %q:\n%s", want, summary)
		}
	}
}
