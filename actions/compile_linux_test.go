// Package actions_test tests compile.sh, which builds the programs of the actions.
package actions_test

import (
	"archive/zip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runner is a runner whose workflow names a project of a few lines in place of
// Slipway: it has one program and one dependency, and builds in seconds.
type runner struct {
	*testing.T
	dir  string
	home string // another job may have written anything here
	path string // of a job
}

func newRunner(t *testing.T) *runner {
	r := &runner{T: t, dir: t.TempDir(), path: os.Getenv("PATH")}
	r.home = r.write("home/.bashrc", "exit 1\n", 0o644)
	r.home = filepath.Dir(r.home)
	r.write("_temp/step.sh", `exec "$GITHUB_ACTION_PATH"/../compile.sh greet`, 0o644)
	script, err := os.ReadFile("compile.sh")
	r.must(err)
	r.write("sources/actions/compile.sh", string(script), 0o755)
	r.write("sources/go.mod", "module example.com/slipway\n\ngo 1.26.0\n\nrequire example.com/dep v1.0.0\n", 0o644)
	r.write("sources/actions/greet/main.go", "package main\n\nimport (\n\t\"runtime\"\n\n\t\"example.com/dep\"\n)\n\nvar flag string\n\nfunc main() { println(dep.Said, runtime.GOOS, flag) }\n", 0o644)
	r.write("sources/actions/greet/other.go", "//go:build other\n\npackage main\n\nfunc init() { println(\"other tags\") }\n", 0o644)
	r.publish("package dep\n\nconst Said = \"as pinned\"\n")
	r.goTool("GOMODCACHE="+r.dir+"/first", "mod", "download", "all")
	return r
}

func (r *runner) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *runner) write(name, text string, mode os.FileMode) (path string) {
	r.Helper()
	path = filepath.Join(r.dir, name)
	r.must(os.MkdirAll(filepath.Dir(path), 0o755))
	r.must(os.WriteFile(path, []byte(text), mode))
	return path
}

// publish puts the dependency into a module proxy of files.
func (r *runner) publish(source string) {
	r.Helper()
	const mod = "module example.com/dep\n"
	r.write("proxy/example.com/dep/@v/v1.0.0.info", `{"Version":"v1.0.0"}`, 0o644)
	r.write("proxy/example.com/dep/@v/v1.0.0.mod", mod, 0o644)
	file, err := os.Create(filepath.Join(r.dir, "proxy/example.com/dep/@v/v1.0.0.zip"))
	r.must(err)
	archive := zip.NewWriter(file)
	for name, text := range map[string]string{"go.mod": mod, "dep.go": source} {
		w, err := archive.Create("example.com/dep@v1.0.0/" + name)
		r.must(err)
		_, err = w.Write([]byte(text))
		r.must(err)
	}
	r.must(errors.Join(archive.Close(), file.Close()))
}

func (r *runner) proxy() string { return "GOPROXY=file://" + filepath.Join(r.dir, "proxy") }

// goTool runs go in the sources, as their author would.
func (r *runner) goTool(variable string, args ...string) {
	r.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = filepath.Join(r.dir, "sources")
	cmd.Env = append(os.Environ(), "GOFLAGS=-modcacherw", "GONOSUMDB=*", "GOWORK=off", r.proxy(), variable)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("go %q: %v\n%s", args, err, out)
	}
}

// compile runs the first step of an action in a job with these variables. It
// returns the log and what the step hands on.
func (r *runner) compile(variables ...string) (log string, handed map[string]string, err error) {
	r.Helper()
	out, env := r.write("_temp/output", "", 0o644), r.write("_temp/env", "", 0o644)
	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", filepath.Join(r.dir, "_temp/step.sh"))
	cmd.Env = append([]string{
		"HOME=" + r.home, "PATH=" + r.path, "GITHUB_OUTPUT=" + out, "GITHUB_ENV=" + env, "RUNNER_TEMP=" + filepath.Join(r.dir, "_temp"),
		"RUNNER_TOOL_CACHE=" + filepath.Join(r.dir, "tools"), "GITHUB_ACTION_PATH=" + filepath.Join(r.dir, "sources/actions/greet"), r.proxy(),
	}, variables...)
	said, err := cmd.CombinedOutput()
	handed = map[string]string{}
	for _, name := range []string{out, env} {
		text, err := os.ReadFile(name)
		r.must(err)
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			handed[name] = value
		}
	}
	return string(said), handed, err
}

// greets builds the program, runs it and checks what it says.
func (r *runner) greets(want string, variables ...string) (handed map[string]string) {
	r.Helper()
	log, handed, err := r.compile(variables...)
	if err != nil {
		r.Fatalf("%v\n%s", err, log)
	}
	said, err := exec.Command(handed["path"]).CombinedOutput()
	if got := strings.TrimSpace(string(said)); err != nil || got != want {
		r.Errorf("the program says %q, %v, want %q\n%s", got, err, want, log)
	}
	return handed
}

const asPinned = "as pinned linux"

// What a job leaves on a runner, and what it sets for itself, neither changes nor
// breaks what is built.
func TestNothingOfAnotherJobDecidesWhatIsBuilt(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.goTool("GOMODCACHE="+r.home+"/go/pkg/mod", "mod", "download", "all")
	r.write("home/go/pkg/mod/example.com/dep@v1.0.0/dep.go", "package dep\n\nconst Said = \"of another job\"\n", 0o644)
	r.write("home/.config/go/env", "GOFLAGS=-tags=other\nGOPROXY=off\nGOOS=plan9\nGOTOOLCHAIN=go1.26.0+local\n", 0o644)
	r.write("elsewhere/dep/go.mod", "module example.com/dep\n\ngo 1.26.0\n", 0o644)
	r.write("elsewhere/dep/dep.go", "package dep\n\nconst Said = \"of a workspace\"\n", 0o644)
	work := "go 1.26.0\n\nuse (\n\t" + r.dir + "/sources\n\t" + r.dir + "/elsewhere/dep\n)\n"
	r.write("go.work", work, 0o644) // above the sources
	r.write("_temp/slipway/greet", "#!/bin/sh\necho planted\n", 0o755)
	first := r.greets(asPinned)
	place := first["BUILT_SLIPWAY"]
	r.shares(place, first["path"])
	for name, value := range map[string]string{
		"GOFLAGS": "-tags=other", "GOOS": "plan9", "GOARCH": "wasm", "GOENV": r.home + "/.config/go/env", "GOWORK": r.dir + "/go.work",
		"GOMODCACHE": r.home + "/go/pkg/mod", "GOCACHE": "/dev/null/x", "GOTOOLCHAIN": "go1.26.0+path", "CC": "/bin/false", "CGO_ENABLED": "1",
		"GOEXPERIMENT": "none-such", "GOROOT": "/none", "GOTMPDIR": "/none", "TMPDIR": "/none", "GOSUMDB": "none.example.com", "GODEBUG": "=",
	} {
		t.Run(name, func(t *testing.T) {
			inner := *r
			inner.T = t
			inner.greets(asPinned, "BUILT_SLIPWAY="+place, name+"="+value)
		})
	}
}

// go.sum verifies what the proxy says, whatever the job wants to trust.
func TestAModuleThatIsNotAsPinnedIsRefused(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.publish("package dep\n\nconst Said = \"of the proxy\"\n")
	log, handed, err := r.compile("GONOSUMDB=*", "GONOSUMCHECK=1", "GOINSECURE=*", "GOPRIVATE=*", "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw")
	if err == nil || !strings.Contains(log, "SECURITY ERROR") || handed["path"] != "" {
		t.Errorf("%v, %q\n%s", err, handed, log)
	}
}

// spy is a compiler that wants the secrets of whoever has started it.
const spy = `#!/bin/sh
env >>"$0.seen"
pid=$$
while [ "$pid" != STOP ] && [ "$pid" -gt 1 ]; do
	tr '\0' '\n' <"/proc/$pid/environ" >>"$0.seen"
	tr '\0' '\n' <"/proc/$pid/cmdline" >>"$0.seen"
	echo "looked at $pid" >>"$0.seen"
	pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
exec REAL "$@"
`

// Some runners give all steps of an action its inputs, and the job may have
// secrets in its environment.
func TestCompilersSeeNoSecrets(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	realGo, err := exec.LookPath("go")
	r.must(err)
	path := r.write("spy/go", strings.NewReplacer("STOP", strings.Fields(readFile(t, "/proc/self/stat"))[0], "REAL", realGo).Replace(spy), 0o755)
	r.path = filepath.Dir(path) + ":" + r.path
	r.greets(asPinned, "INPUT_SSH-KEY=a-secret", "ACTIONS_RUNTIME_TOKEN=a-secret", "GITHUB_TOKEN=a-secret", "HTTPS_PROXY=http://user:a-password@127.0.0.1:1/")
	seen := readFile(t, path+".seen")
	if strings.Contains(seen, "a-secret") {
		t.Errorf("a secret is in the environment or in the arguments of a compiler or of what started it:\n%s", seen)
	}
	if n := strings.Count(seen, "looked at "); n < 4 { // go env and go build, each with what started it
		t.Errorf("it looked at %d processes:\n%s", n, seen)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shares checks that a later step of the job has the program that the first one
// built, without compiling everything again.
func (r *runner) shares(place, path string) {
	r.Helper()
	if info, err := os.Stat(place); err != nil || info.Mode().Perm() != 0o700 || filepath.Dir(path) != place {
		r.Fatalf("the first step left the program in %s, and %q for later steps: %v, %v", path, place, info, err)
	}
	before := r.cached(place)
	again := r.greets(asPinned, "BUILT_SLIPWAY="+place)
	if grown := r.cached(place) - before; again["path"] != path || grown > before/4 {
		r.Errorf("the second step has %q, and %d new files in a cache of %d", again["path"], grown, before)
	}
}

// cached counts what is in the cache of a job.
func (r *runner) cached(place string) int {
	r.Helper()
	names, err := filepath.Glob(place + "/cache/??/*-d")
	if err != nil || len(names) == 0 {
		r.Fatalf("nothing is in %s/cache: %v", place, err)
	}
	return len(names)
}

// Only the runner can say which directory is this job's.
func TestNoDirectoryOfAnotherJobIsUsed(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	planted := filepath.Dir(r.write("_temp/slipway-0123456789/cache/README", "", 0o644))
	link := filepath.Join(r.dir, "link")
	r.must(os.Symlink(filepath.Dir(planted), link))
	seen := map[string]bool{filepath.Dir(planted): true}
	for _, variable := range []string{"A=", "B=", "BUILT_SLIPWAY=" + link, "BUILT_SLIPWAY=" + filepath.Join(r.dir, "gone"), "BUILT_SLIPWAY=" + r.home + "/.bashrc"} {
		_, handed, _ := r.compile(variable, "GOPROXY=off") // so that it fails at once
		place := handed["BUILT_SLIPWAY"]
		if entries, err := os.ReadDir(place); err != nil || seen[place] || len(entries) == 0 {
			t.Errorf("%s: the job's directory is %q, %v", variable, place, err)
		}
		seen[place] = true
	}
}

func TestWhatCannotBeBuiltIsSaid(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	dirname, err := exec.LookPath("dirname")
	r.must(err)
	r.must(os.Mkdir(filepath.Join(r.dir, "few"), 0o755))
	r.must(os.Symlink(dirname, filepath.Join(r.dir, "few/dirname")))
	for variable, want := range map[string]string{
		"RUNNER_TEMP=":           "::error::slipway: RUNNER_TEMP names no directory",
		"PATH=" + r.dir + "/few": "::error::slipway: this runner has no Go",
		"GOPROXY=off":            "::error::slipway: Slipway could not be built",
	} {
		if log, handed, err := r.compile(variable); err == nil || !strings.Contains(log, want) || handed["path"] != "" {
			t.Errorf("%s: %v, %q\n%s", variable, err, handed, log)
		}
	}
}
