package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

func (w *world) step(verb config.Verb, inputs map[string]string) *step {
	w.Helper()
	at := slices.IndexFunc(reference.Actions, func(a reference.Action) bool { return a.Verb == verb })
	action := reference.Actions[at]
	dir := w.TempDir()
	s := &step{summary: filepath.Join(dir, "summary")}
	script := filepath.Join(dir, "step.sh")
	w.must(os.WriteFile(script, []byte(`exec "$GITHUB_ACTION_PATH"/`+action.Launch+"\n"), 0o644))
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

// GitHub cancels a step by a SIGINT to the process that it started, and no
// other, and gives it 7.5 s.
func TestCancelledStepPutsEveryHostBackInTime(t *testing.T) {
	w := newWorld(t)
	good, goodRev := w.release("good")
	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	next, _ := w.build("next")

	s := w.step(config.Deploy, map[string]string{
		"app": sample.App, "build-host": w.lab.Host("build").Addr, "hosts": w.web(), "health-url": sample.Health,
		"ssh-key": w.read(w.lab.DeployKeyPath()), "known-hosts": w.read(w.lab.KnownHostsPath()),
		"release-id": next, "settle": "4s", "health-timeout": "60s", "keep-releases": "5",
	})
	s.Env = append(s.Env, "RUNNER_DEBUG=1") // as with debug logging: it shows each command, and no key
	w.must(s.Start())
	// The first host is proved, the second one is switched and not yet proved.
	web2 := w.lab.Host("web2")
	w.waitFor("the second host to run the new release", func() bool {
		_, err := web2.Run(w.Context(), nil, "test", "-e", "/opt/apxr/apxr_io/.slipway/change")
		return err == nil && w.running(web2) == next && w.answers(web2)
	})
	began := time.Now()
	w.must(s.Process.Signal(os.Interrupt))
	if err := s.Wait(); err == nil {
		t.Error("a cancelled step is green")
	}
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("it took %s after the signal", took)
	}
	t.Log(s.log.String())
	if want := web2.Addr + ": activate: runs with base=/opt/apxr/apxr_io "; !strings.Contains(s.log.String(), want) {
		t.Errorf("the log does not say %q", want)
	}
	for line := range strings.Lines(w.read(w.lab.DeployKeyPath())) {
		if strings.Contains(s.log.String(), strings.TrimSpace(line)) {
			t.Error("the log has a line of the key")
		}
	}
	w.everyHostRuns(good, "0.1.0", goodRev)
	w.nothingLeft()
	if got := w.read(s.summary); strings.Count(got, "put\u00a0back") != 2 || !strings.Contains(got, "the run was cancelled") {
		t.Errorf("the summary does not say what became of the hosts:\n%s", got)
	}
	for _, h := range w.lab.WebHosts() {
		if got := w.root(h, "tail -n 1 /opt/apxr/apxr_io/.slipway/history.jsonl"); !strings.Contains(got, `"outcome":"reverted"`) ||
			!strings.Contains(got, `"who":"octocat"`) || !strings.Contains(got, "https://github.com/apxr/apxr_io/actions/runs/7") {
			t.Errorf("%s: the history says %s", h.Name, got)
		}
	}
}
