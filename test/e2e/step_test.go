package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/reference"
	"github.com/apxr/slipway/test/sample"
)

// step is an action's step as a runner starts it: bash with the step's script,
// and the inputs in its environment.
type step struct {
	*exec.Cmd
	log     strings.Builder
	summary string // the file that the job summary is written to
}

func (w *site) step(verb config.Verb, inputs map[string]string) *step {
	w.Helper()
	at := slices.IndexFunc(reference.Actions, func(a reference.Action) bool { return a.Verb == verb })
	action := reference.Actions[at]
	dir := w.TempDir()
	s := &step{summary: filepath.Join(dir, "summary")}
	script := filepath.Join(dir, "step.sh")
	w.Must(os.WriteFile(script, []byte(`exec "$GITHUB_ACTION_PATH"/`+action.Launch+"\n"), 0o644))
	s.Cmd = exec.CommandContext(w.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	s.Stdout, s.Stderr = &s.log, &s.log
	s.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+filepath.Join(sample.Root(), filepath.Dir(action.Path)),
		"RUNNER_TOOL_CACHE="+dir, "GITHUB_OUTPUT="+filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY="+s.summary,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=apxr/apxr_io", "GITHUB_RUN_ID=7", "GITHUB_ACTOR=octocat")
	for name, value := range inputs {
		s.Env = append(s.Env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	return s
}
