package builds

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/sample"
)

// pause is a command before the release that waits until a file is gone.
func (w *world) pause() (during func(), goOn func()) {
	w.Helper()
	marker := "/home/deploy/pause-" + w.app
	w.deploy("touch " + marker)
	w.env["SLIPWAY_BEFORE_RELEASE"] = "touch " + marker + "-begun; while [ -e " + marker + " ]; do sleep 0.1; done; rm " + marker + "-begun"
	return func() { w.waitForFile(marker + "-begun") }, func() { w.deploy("rm -f " + marker) }
}

func (w *world) waitForFile(file string) {
	w.Helper()
	w.waitFor(file, "test -e "+file)
}

func (w *world) waitFor(what, condition string) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := w.host.Run(w.Context(), nil, "sh", "-c", condition); err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("waited for a minute for %s", what)
		}
	}
}

func TestOneBuildOfAnApplicationAtATime(t *testing.T) {
	one, other := newWorld(t, "crowded"), newWorld(t, "alone")
	one.publish(sample.Plain(one.app))
	other.publish(sample.Plain(other.app))
	during, goOn := one.pause()
	first := one.command("build-release")
	first.Stderr = os.Stderr
	one.must(first.Start())
	during()
	other.build() // another application's goes on meanwhile
	one.refused(1, []string{"held by another run: build by tester@", "since 20"}, "--wait-for-lock", "0s")
	one.refused(1, []string{"waiting up to 1s for a build by tester@", "held by another run, after waiting for 1 s"}, "--wait-for-lock", "1s")
	delete(one.env, "SLIPWAY_BEFORE_RELEASE")
	var waited command.Result
	var wg sync.WaitGroup
	wg.Go(func() { waited = one.slipway("build-release") })
	time.Sleep(2 * time.Second)
	goOn()
	one.must(first.Wait())
	wg.Wait()
	if waited.Code != 0 || !strings.Contains(waited.Stderr, "waiting up to 10m0s for a build by tester@") {
		t.Errorf("the second build did not wait: exit %d", waited.Code)
	}
	if got := strings.Fields(one.artifacts()); len(got) != 2 {
		t.Errorf("artifacts: %v", got)
	}
}

// A build that dies in whatever phase leaves nothing that the next one could
// trip over, and no process.
func TestABuildKilledInAnyPhaseIsBuiltRightAgain(t *testing.T) {
	w := newWorld(t, "killed")
	p := w.publish(sample.Plain(w.app))
	good, _ := w.build()
	want := w.manifest(good)
	for i, phase := range []string{"Check out", "Tools", "Project", "Dependencies", "Release"} {
		signals := []syscall.Signal{syscall.SIGKILL}
		if phase == "Dependencies" || phase == "Release" { // which have compilers to end
			signals = append(signals, syscall.SIGINT)
		}
		for _, signal := range signals {
			// Something to do in every phase.
			w.must(p.Write("lib/extra.ex", fmt.Sprintf("defmodule Extra do\n  def n, do: %d\nend\n", i)))
			w.push(p, "more")
			r := w.dieIn(phase, signal)
			if r.Code == 0 {
				t.Fatalf("%s: the build ended before it could be killed", phase)
			}
			w.must(p.Remove("lib/extra.ex"))
			w.push(p, "less")
			id, _ := w.build()
			if d := differences(want, w.manifest(id)); len(d) > 0 {
				t.Errorf("%s, %s: the next build differs in %v", phase, signal, d)
			}
			if left := w.deploy("cd " + w.dir() + " && ls -d scratch artifacts/*.part 2>/dev/null || true; pgrep -u deploy -f '[b]eam.smp' || true"); left != "" {
				t.Errorf("%s, %s: left over: %s", phase, signal, left)
			}
		}
	}
}

// dieIn starts a build and sends a signal as soon as it says that it is in a phase.
func (w *world) dieIn(phase string, signal syscall.Signal) command.Result {
	w.Helper()
	cmd := w.command("build-release", "--clean")
	seen := &trigger{text: "==> " + phase, do: func() {
		time.Sleep(300 * time.Millisecond) // into the phase
		cmd.Process.Signal(signal)
	}}
	cmd.Stderr = seen
	err := cmd.Run()
	w.Logf("%s in %q: %v\n%s", signal, phase, err, seen.all)
	return command.Result{Code: cmd.ProcessState.ExitCode(), Stderr: seen.all}
}

// trigger does something once when a text was written.
type trigger struct {
	text string
	do   func()
	once sync.Once
	all  string
}

func (t *trigger) Write(p []byte) (int, error) {
	t.all += string(p)
	if strings.Contains(t.all, t.text) {
		t.once.Do(func() { go t.do() })
	}
	return len(p), nil
}

// A cancelled build ends its compilers; one whose runner has vanished is ended
// by the next build.
func TestNoCompilerOutlivesItsBuild(t *testing.T) {
	w := newWorld(t, "orphans")
	w.publish(sample.Plain(w.app))
	sleeping := "pgrep -u deploy -f 'sleep 98[7]'"
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		w.env["SLIPWAY_BEFORE_RELEASE"] = "setsid sleep 987 & touch begun; sleep 987"
		cmd := w.command("build-release")
		w.must(cmd.Start())
		w.waitFor("the build's commands", sleeping)
		w.must(cmd.Process.Signal(signal))
		cmd.Wait()
		delete(w.env, "SLIPWAY_BEFORE_RELEASE")
		if signal == syscall.SIGKILL {
			w.build()
		}
		if left := w.deploy(sleeping + " || true"); left != "" {
			t.Errorf("%s: still there: %s", signal, left)
		}
	}
}

func TestOldArtifactsGoAndHeldOnesStay(t *testing.T) {
	w := newWorld(t, "pruned")
	p := w.publish(sample.Plain(w.app))
	var ids []string
	for i := range 3 {
		w.must(p.Write("README.md", fmt.Sprint(i)))
		w.push(p, "next")
		id, _ := w.build("--keep-artifacts", "1", "--keep-artifacts-for", "1h")
		ids = append(ids, id)
	}
	if got := w.artifacts(); got != strings.Join(ids, "\n") {
		t.Errorf("what is younger than an hour was removed: %s", got)
	}
	id, said := w.build("--keep-artifacts", "2", "--keep-artifacts-for", "0s")
	if got := w.artifacts(); got != ids[2]+"\n"+id || !strings.Contains(said, "old artifacts removed: ") {
		t.Errorf("artifacts: %s", got)
	}
}
