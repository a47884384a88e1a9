package builds

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/sample"
)

// What the verb promises, the same over SSH and on the machine itself.
func TestAReleaseIsBuiltAndDescribed(t *testing.T) {
	onBoth(t, "contract", func(w *world) {
		p := w.publish(sample.WithNIF(w.app))
		revision := w.push(p, "second")
		id, said := w.build()
		m := w.manifest(id)
		if m.Revision != revision || m.Version != "0.1.0" || m.App != w.app || m.Release != w.app || m.Ref != "main" || m.Elixir != "1.14.0" || m.OTP != "25.2.3" {
			w.Errorf("%+v", m)
		}
		if m.OS != "Linux" || m.Arch == "" || m.Kernel == "" || m.NewestGlibc() == "" || !slices.Contains(m.Libraries(), "libc.so.6") {
			w.Errorf("the manifest lacks what a host must be checked for: %s %s %s, glibc %s, %v", m.OS, m.Arch, m.Kernel, m.NewestGlibc(), m.Libraries())
		}
		nif := false
		for _, f := range m.Files {
			nif = nif || strings.HasSuffix(f.Path, ".so") && strings.Contains(f.Path, "/"+w.app+"-") && slices.Contains(f.Needs, "libm.so.6")
		}
		if !nif {
			w.Error("the NIF's own needs are not in the manifest")
		}
		for _, phase := range []string{"Check out main ", "Tools ", "Project ", "Dependencies ", "Release "} {
			if last := said[strings.LastIndex(strings.TrimSpace(said), "\n"):]; !strings.Contains(last, phase) {
				w.Errorf("the last line has no duration of %q: %s", phase, last)
			}
		}
		if left := w.deploy("cd " + w.dir() + " && ls -d scratch artifacts/*.part checkout.state 2>/dev/null || true"); left != "" {
			w.Errorf("left over: %s", left)
		}
		out := w.slipway("artifacts")
		if out.Code != 0 || !strings.Contains(out.Stdout, id+"  0.1.0    "+revision[:12]+"  main") {
			w.Errorf("artifacts: exit %d, %s", out.Code, out.Stdout)
		}
	})
}

func TestIncrementalBuildsEqualCleanOnes(t *testing.T) {
	w := newWorld(t, "incremental")
	files := sample.Plain(w.app)
	for _, n := range []string{"one", "two", "three"} {
		files["lib/"+n+".ex"] = "defmodule " + strings.ToUpper(n) + " do\n  def say, do: :" + n + "\nend\n"
	}
	p := w.publish(files)
	clean, took, _ := w.timed("--clean")
	same, tookSame, _ := w.timed()
	if d := differences(w.manifest(clean), w.manifest(same)); len(d) > 0 {
		w.Errorf("an unchanged build differs in %v", d)
	}

	w.must(p.Replace("lib/one.ex", ":one", ":changed"))
	w.push(p, "one module")
	one, tookOne, said := w.timed()
	if !strings.Contains(said, "mix compiles what has changed") {
		w.Error("one changed module is no reason to compile everything")
	}
	if d := differences(w.manifest(same), w.manifest(one)); len(d) != 1 || !strings.HasSuffix(d[0], "Elixir.ONE.beam") {
		w.Errorf("with one changed module %v differ", d)
	}
	w.Logf("times: clean 1.00, unchanged %.2f, one module %.2f (of %.1f s)", tookSame.Seconds()/took.Seconds(), tookOne.Seconds()/took.Seconds(), took.Seconds())
	w.sameAsClean(one, "one module")

	w.must(p.SetVersion("0.1.0", "0.2.0"))
	w.must(p.Remove("lib/two.ex"))
	w.push(p, "another version, and a module less")
	bumped, said := w.build()
	if !strings.Contains(said, "the project itself is recompiled") {
		w.Error("mix.exs has changed, but the project was not recompiled")
	}
	for path := range tree(w.manifest(bumped)) {
		if strings.Contains(path, "0.1.0") || strings.Contains(path, "TWO") {
			w.Errorf("%s is of an older version", path)
		}
	}
	w.sameAsClean(bumped, "another version")

	w.must(p.Remove("lib/three.ex"))
	w.push(p, "a module less")
	fewer, said := w.build()
	if !strings.Contains(said, "the project itself is recompiled") {
		w.Error("a module has gone, which mix may not see where modules are found by listing a directory")
	}
	w.sameAsClean(fewer, "a module less")
}

func (w *world) timed(args ...string) (id string, took time.Duration, said string) {
	w.Helper()
	began := time.Now()
	id, said = w.build(args...)
	return id, time.Since(began), said
}

func (w *world) sameAsClean(id, what string) {
	w.Helper()
	clean, said := w.build("--clean")
	if !strings.Contains(said, "there are no files of an earlier build") {
		w.Errorf("%s: --clean went on from something", what)
	}
	if d := differences(w.manifest(clean), w.manifest(id)); len(d) > 0 {
		w.Errorf("%s: an incremental build differs from a clean one in %v", what, d)
	}
}
