package managers

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/test/lab"
)

// project is a checkout on this machine, for a user with the real mise.
type project struct {
	*testing.T
	home, checkout string
	job            script.Job
}

func newProject(t *testing.T) project {
	t.Helper()
	p := project{T: t, home: t.TempDir(), job: script.Job{App: release.App{Org: "apxr", Name: "shop"}, ID: "20240101T000000", Dir: ".", MixEnv: "prod", Token: "a-token"}}
	build := filepath.Join(p.home, script.BuildDir(p.job.App))
	p.checkout = filepath.Join(build, "checkout")
	p.file(filepath.Join(build, "fence"), "1 a-token\n")
	p.files(map[string]string{"mix.exs": "", "apps/web/mix.exs": ""})
	return p
}

func withMise(t *testing.T) project {
	t.Helper()
	p := newProject(t)
	mise, err := MiseProgram(t.Context())
	p.must(err)
	p.must(os.MkdirAll(filepath.Join(p.home, ".local", "bin"), 0o755))
	p.must(os.Symlink(mise, filepath.Join(p.home, ".local", "bin", "mise")))
	config := "[plugins]\n"
	for tool, url := range p.plugins() {
		config += fmt.Sprintf("%s = %q\n", miseName(tool), url)
	}
	p.file(filepath.Join(p.home, ".config", "mise", "config.toml"), config)
	return p
}

// withAsdf has what stands in for asdf: see the package's documentation.
func withAsdf(t *testing.T, generation Generation) project {
	t.Helper()
	p := newProject(t)
	text, err := standinProgram(generation)
	p.must(err)
	p.file(filepath.Join(p.home, asdfPath[generation]), text)
	p.must(os.Chmod(filepath.Join(p.home, asdfPath[generation]), 0o755))
	var names string
	for tool, url := range p.plugins() {
		names += tool + " " + url + "\n"
	}
	p.file(filepath.Join(p.home, ".asdf", "short-names"), names)
	return p
}

func (p project) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p project) file(name, text string) {
	p.Helper()
	p.must(os.MkdirAll(filepath.Dir(name), 0o755))
	p.must(os.WriteFile(name, []byte(text), 0o644))
}

func (p project) files(texts map[string]string) {
	p.Helper()
	for name, text := range texts {
		p.file(filepath.Join(p.checkout, name), text)
	}
}

// plugins puts the plugins into repositories on this machine, and returns their URLs.
func (p project) plugins() map[string]string {
	p.Helper()
	urls := map[string]string{}
	for _, tool := range Tools {
		src, repo := filepath.Join(p.TempDir(), "src"), filepath.Join(p.TempDir(), "repo")
		p.must(copyPlugin("plugins/common", src))
		p.must(copyPlugin("plugins/"+tool, src))
		_, err := lab.CommitDir(p.Context(), src, repo, tool, time.Unix(1700000000, 0))
		p.must(err)
		urls[tool] = "file://" + repo
	}
	return urls
}

func (p project) scripts(dir string, log io.Writer) script.Build {
	env := map[string]string{"HOME": p.home, "PATH": "/usr/bin:/bin", "USER": "root"}
	job := p.job
	job.Dir = dir
	return script.Build{Machine: local.New(func(name string) string { return env[name] }), Job: job, Log: log}
}

func (p project) tools(dir string) (script.Toolchain, string, error) {
	p.Helper()
	var log bytes.Buffer
	found, err := p.scripts(dir, &log).Tools(p.Context())
	return found, log.String(), err
}

// What mise takes from its own files is asked of mise itself, and so are versions that are
// not exact.
func TestMiseDecidesWhatItsFilesPin(t *testing.T) {
	t.Parallel()
	p := withMise(t)
	p.files(map[string]string{
		".tool-versions":     "\ufefferlang 25.2.3 # for all\r\nnodejs 18.0.0\r\njust 1.0.0\r\n",
		"mise.toml":          "[tools]\nnode = \"18.0.0\"\n",
		"apps/web/mise.toml": "[env]\nA = \"{{ exec(command='echo trusted') }}\"\n[tools]\njust = \"latest\"\nelixir = {version = \"1.14.0-otp-25\"}\n",
	})
	got, log, err := p.tools("apps/web")
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if got.From["erlang"] != "mise" || got.From["elixir"] != "mise" || got.Manager != "mise" {
		t.Errorf("%+v", got.From)
	}
	found := map[string]string{}
	for _, pin := range got.Found {
		found[pin.Tool] = pin.Version + " " + pin.Place
	}
	want := map[string]string{
		"elixir": "1.14.0-otp-25 apps/web/mise.toml", "just": "1.1.0 apps/web/mise.toml", "node": "18.0.0 mise.toml", "erlang": "25.2.3 .tool-versions:1",
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("%q\n%s", found, log)
	}
	p.files(map[string]string{".tool-versions": "erlang 25\nelixir latest\njust 1.0\n"})
	p.must(os.Remove(filepath.Join(p.checkout, "mise.toml")))
	got, log, err = p.tools(".")
	chosen := []script.Pin{{Tool: "erlang", Version: "25.2.3", Place: ".tool-versions:1"}, {Tool: "elixir", Version: "1.14.0-otp-25", Place: ".tool-versions:2"}, {Tool: "just", Version: "1.0.0", Place: ".tool-versions:3"}}
	if err != nil || !reflect.DeepEqual(got.Found, chosen) {
		t.Errorf("%+v, %v\n%s", got.Found, err, log)
	}
	p.files(map[string]string{"apps/web/mise.toml": "[tools]\njust = "})
	if _, log, err := p.tools("apps/web"); err == nil || !strings.Contains(err.Error(), "mise cannot say what the project pins (see the lines above): its files are apps/web/mise.toml") {
		t.Errorf("%v\n%s", err, log)
	}
}

// mise refuses to work beside a file that it does not trust, whatever that file is for.
func TestMiseTrustsTheFilesOfTheProject(t *testing.T) {
	t.Parallel()
	p := withMise(t)
	p.files(map[string]string{".tool-versions": "erlang 25.2.3\nelixir 1.14.0\n", "mise.toml": "[env]\nA = \"{{ exec(command='echo trusted') }}\"\n_.path = ['./bin']\n[tasks.x]\nrun = 'true'\n"})
	got, log, err := p.tools(".")
	if err != nil || got.From["erlang"] != "mise" || got.From["elixir"] != "mise" {
		t.Fatalf("%+v, %v\n%s", got.From, err, log)
	}
	p.must(os.RemoveAll(filepath.Join(p.home, ".local", "state"))) // where mise notes what it trusts
	p.job.Tools = got.Found
	var out bytes.Buffer
	_, err = p.scripts(".", &out).Project(t.Context()) // it fails where there is no Elixir, but runs the pinned one
	used, readErr := os.ReadFile(filepath.Join(p.home, ".managers-used"))
	if readErr != nil || !strings.Contains(string(used), "elixir 1.14.0\n") {
		t.Errorf("%q, %v, %v\n%s", used, readErr, err, out.String())
	}
}

// mise does not believe in an installation that was killed, so nothing has to be removed.
func TestMiseKnowsAHalfInstallation(t *testing.T) {
	t.Parallel()
	p := withMise(t)
	const pins = "erlang 25.2.3\nelixir 1.14.0\n"
	p.files(map[string]string{".tool-versions": pins})
	half := exec.CommandContext(t.Context(), "sh", "-c", `"$HOME/.local/bin/mise" install erlang@25.2.3 &
		until [ -n "$(find "$HOME" -name incomplete)" ]; do sleep 0.01; done
		kill -9 $!; wait`)
	half.Env = []string{"HOME=" + p.home, "PATH=/usr/bin:/bin", "MISE_YES=1"}
	if out, err := half.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, log, err := p.tools(".")
	if err != nil || got.From["erlang"] != "mise" || !strings.Contains(log, "installed erlang 25.2.3") {
		t.Errorf("%+v, %v\n%s", got.From, err, log)
	}
}

// asdf believes in an installation that was killed. So the next build removes it, and
// nothing that was complete.
func TestAKilledInstallationOfAsdfIsBegunAgain(t *testing.T) {
	t.Parallel()
	for _, generation := range []Generation{Classic, Rewrite} {
		t.Run(string(generation), func(t *testing.T) {
			t.Parallel()
			p := withAsdf(t, generation)
			p.files(map[string]string{".tool-versions": "erlang 25.2.3\nelixir 1.14.0\n", "apps/web/.tool-versions": "just 1.0.0\n"})
			installed := func(tool string) string { return filepath.Join(p.home, ".asdf", "installs", tool) }
			go func() {
				for exists(installed("elixir/1.14.0")) != nil && t.Context().Err() == nil {
					time.Sleep(5 * time.Millisecond)
				}
				p.killAll()
			}()
			if _, log, err := p.tools("apps/web"); err == nil {
				t.Fatalf("it was not killed\n%s", log)
			}
			p.must(exists(installed("erlang/25.2.3")))
			_, log, err := p.tools("apps/web")
			if err != nil || strings.Count(log, "starting over") != 1 || strings.Count(log, "installing elixir 1.14.0 into") != 1 || strings.Contains(log, "installing erlang") {
				t.Errorf("%v\n%s", err, log)
			}
			if got, log, err := p.tools("apps/web"); err != nil || strings.Contains(log, "install") || got.From["elixir"] != "asdf" || len(got.Found) != 3 {
				t.Errorf("%+v, %v\n%s", got, err, log)
			}
		})
	}
}

// killAll kills what this user runs, parents first.
func (p project) killAll() {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	var pids []int
	for _, name := range environments {
		text, err := os.ReadFile(name)
		pid, notNumber := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && notNumber == nil && strings.Contains("\x00"+string(text), "\x00HOME="+p.home+"\x00") {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

func exists(file string) error {
	_, err := os.Stat(file)
	return err
}
