package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/reference"
)

// step is the last step of an action as a runner starts it: bash with the step's
// script, and the inputs in its environment.
type step struct {
	*exec.Cmd
	log     strings.Builder
	summary string // the file that the job summary is written to
}

// step runs the first step of an action, which builds the program, and prepares
// the second one, which runs it.
func (w *site) step(verb config.Verb, inputs map[string]string) *step {
	w.Helper()
	at := slices.IndexFunc(reference.Actions, func(a reference.Action) bool { return a.Verb == verb })
	action := reference.Actions[at]
	dir, sources := w.TempDir(), checkout(w.T.T)
	output := filepath.Join(dir, "output")
	s := &step{summary: filepath.Join(dir, "summary")}
	env := append(os.Environ(), "GITHUB_ACTION_PATH="+filepath.Join(sources, filepath.Dir(action.Path)),
		"RUNNER_TEMP="+dir, "GITHUB_ENV="+filepath.Join(dir, "env"), "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+s.summary,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=apxr/apxr_io", "GITHUB_RUN_ID=7", "GITHUB_ACTOR=octocat")
	compile := w.bash(`exec "$GITHUB_ACTION_PATH"/`+action.Compile, env)
	if out, err := compile.CombinedOutput(); err != nil {
		w.Fatalf("%v\n%s", err, out)
	}
	env = append(env, "PROGRAM="+strings.TrimSpace(strings.TrimPrefix(w.Read(output), "path=")))
	for name, value := range inputs {
		env = append(env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	s.Cmd = w.bash(`exec "$PROGRAM"`, env)
	s.Stdout, s.Stderr = &s.log, &s.log
	return s
}

// bash starts a step's script as a runner does.
func (w *site) bash(script string, env []string) *exec.Cmd {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", w.File(script+"\n"))
	cmd.Env = env
	return cmd
}
