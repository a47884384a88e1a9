// Package builds tests the build verb on the lab's real build host: what a
// person gets who names a repository, over SSH and on the machine itself.
package builds

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/sample"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build", "git"}}) }

// world is the build host as one application's developer sees it.
type world struct {
	*testing.T
	lab   *lab.Lab
	host  *lab.Host
	app   string            // without the organization
	local bool              // Slipway runs on the build host itself
	env   map[string]string // settings, by the names of their variables
}

const org = "test"

func newWorld(t *testing.T, app string) *world {
	t.Helper()
	l := labtest.Lab(t)
	w := &world{T: t, lab: l, host: l.Host("build"), app: app}
	w.env = map[string]string{
		"SLIPWAY_APP": org + "/" + app, "SLIPWAY_BUILD_HOST": w.host.Addr,
		"SLIPWAY_SSH_KEY_FILE": l.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE": l.KnownHostsPath(),
		"USER": "tester",
	}
	w.root("rm -rf /home/deploy/slipway/" + org + "/" + app)
	return w
}

// onBoth runs a test over SSH and on the machine itself.
func onBoth(t *testing.T, app string, test func(w *world)) {
	for name, local := range map[string]bool{"ssh": false, "local": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, app+"_"+name)
			if w.local = local; local {
				w.installProgram()
				w.env["SLIPWAY_BUILD_HOST"] = "local"
				delete(w.env, "SLIPWAY_SSH_KEY_FILE")
				delete(w.env, "SLIPWAY_KNOWN_HOSTS_FILE")
			}
			test(w)
		})
	}
}

var installed sync.Once

func (w *world) installProgram() {
	w.Helper()
	installed.Do(func() {
		path, err := command.Program()
		w.must(err)
		data, err := os.ReadFile(path)
		w.must(err)
		w.must(os.WriteFile(filepath.Join(w.host.Root(), "usr/local/bin/slipway"), data, 0o755))
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// publish makes the application's repository.
func (w *world) publish(files map[string]string) *sample.Project {
	w.Helper()
	p, err := sample.PublishTree(w.Context(), w.lab, w.TempDir(), w.app, files)
	w.must(err)
	w.env["SLIPWAY_REPOSITORY"] = p.URL
	w.env["SLIPWAY_REVISION"] = "main"
	return p
}

func (w *world) push(p *sample.Project, message string) string {
	w.Helper()
	revision, err := p.Push(w.Context(), message)
	w.must(err)
	return revision
}

// root runs a script as root on the build host, deploy as the user that builds.
func (w *world) root(script string) string   { w.Helper(); return w.as("root", script) }
func (w *world) deploy(script string) string { w.Helper(); return w.as("deploy", script) }

func (w *world) as(user, script string) string {
	w.Helper()
	out, err := w.host.RunAs(w.Context(), user, nil, "sh", "-c", script)
	w.must(err)
	return strings.TrimSpace(out)
}

// command is the command line on this machine, with the world's settings.
func (w *world) command(args ...string) *exec.Cmd {
	w.Helper()
	path, err := command.Program()
	w.must(err)
	cmd := exec.CommandContext(w.Context(), path, args...)
	cmd.Env = os.Environ()
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (w *world) slipway(args ...string) command.Result {
	w.Helper()
	began := time.Now()
	var r command.Result
	if w.local {
		r = w.onHost(args)
	} else {
		var err error
		r, err = command.Run(w.command(args...))
		w.must(err)
	}
	w.Logf("slipway %s: exit %d after %.1f s\n%s%s", strings.Join(args, " "), r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	return r
}

// onHost runs the command line on the build host; its settings are no arguments
// of any process there.
func (w *world) onHost(args []string) command.Result {
	w.Helper()
	var script bytes.Buffer
	for name, value := range w.env {
		script.WriteString("export " + name + "=" + quote(value) + "\n")
	}
	script.WriteString("errors=$(mktemp); out=$(slipway")
	for _, arg := range args {
		script.WriteString(" " + quote(arg))
	}
	script.WriteString(" 2>\"$errors\" </dev/null); echo $?; cat \"$errors\"; rm \"$errors\"; printf '\\036%s\\n' \"$out\"\n")
	text, err := w.host.RunAs(w.Context(), "deploy", &script, "sh", "-s")
	w.must(err)
	code, rest, _ := strings.Cut(text, "\n")
	stderr, stdout, _ := strings.Cut(rest, "\036")
	n, err := strconv.Atoi(code)
	w.must(err)
	return command.Result{Stdout: stdout, Stderr: stderr, Code: n}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// build builds and returns the release ID and everything that was said.
func (w *world) build(args ...string) (id, said string) {
	w.Helper()
	r := w.slipway(append([]string{"build-release"}, args...)...)
	if r.Code != 0 {
		w.Fatalf("the build failed: exit %d", r.Code)
	}
	return strings.TrimSpace(r.Stdout), r.Stderr
}

// refused builds and expects it to fail, saying each of these.
func (w *world) refused(code int, words []string, args ...string) string {
	w.Helper()
	before := w.artifacts()
	r := w.slipway(append([]string{"build-release"}, args...)...)
	if r.Code != code {
		w.Errorf("exit %d, want %d", r.Code, code)
	}
	for _, word := range words {
		if !strings.Contains(r.Stderr, word) {
			w.Errorf("it does not say %q", word)
		}
	}
	if after := w.artifacts(); after != before {
		w.Errorf("a failed build changed the artifacts from %q to %q", before, after)
	}
	return r.Stderr
}

func (w *world) dir() string { return "/home/deploy/slipway/" + org + "/" + w.app }

func (w *world) artifacts() string {
	w.Helper()
	return w.deploy("ls " + w.dir() + "/artifacts 2>/dev/null || true")
}

func (w *world) manifest(id string) release.Manifest {
	w.Helper()
	var m release.Manifest
	w.must(json.Unmarshal([]byte(w.deploy("cat "+w.dir()+"/artifacts/"+id+"/manifest.json")), &m))
	w.must(m.Validate())
	return m
}

// tree is what is in an artifact, by path, with what its manifest says of it.
func tree(m release.Manifest) map[string]release.File {
	files := map[string]release.File{}
	for _, f := range m.Files {
		files[f.Path] = f
	}
	return files
}

// knownToDiffer are the files of a release that are new with every build:
// mix makes a cookie for each tree unless mix.exs sets one.
var knownToDiffer = regexp.MustCompile(`^releases/COOKIE$`)

// differences are the paths at which two releases differ, except as is known.
func differences(a, b release.Manifest) []string {
	var paths []string
	left, right := tree(a), tree(b)
	for path, f := range left {
		if g, ok := right[path]; (!ok || f.SHA256 != g.SHA256 || f.Mode != g.Mode || f.Kind != g.Kind || f.Target != g.Target) && !knownToDiffer.MatchString(path) {
			paths = append(paths, path)
		}
	}
	for path := range right {
		if _, ok := left[path]; !ok {
			paths = append(paths, path)
		}
	}
	return paths
}
