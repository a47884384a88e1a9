package managers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
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
	mise, err := MiseProgram(t.Context())
	p.must(err)
	p.must(os.MkdirAll(filepath.Join(p.home, ".local", "bin"), 0o755))
	p.must(os.Symlink(mise, filepath.Join(p.home, ".local", "bin", "mise")))
	p.plugins()
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

// plugins puts the plugins into repositories on this machine.
func (p project) plugins() {
	p.Helper()
	config := "[plugins]\n"
	for _, tool := range Tools {
		src, repo := filepath.Join(p.TempDir(), "src"), filepath.Join(p.TempDir(), "repo")
		p.must(copyPlugin("plugins/common", src))
		p.must(copyPlugin("plugins/"+tool, src))
		_, err := lab.CommitDir(p.Context(), src, repo, tool, time.Unix(1700000000, 0))
		p.must(err)
		config += fmt.Sprintf("%s = %q\n", miseName(tool), "file://"+repo)
	}
	p.file(filepath.Join(p.home, ".config", "mise", "config.toml"), config)
}

func (p project) tools(dir string) (script.Toolchain, string, error) {
	p.Helper()
	env := map[string]string{"HOME": p.home, "PATH": "/usr/bin:/bin", "USER": "root"}
	var log bytes.Buffer
	job := p.job
	job.Dir = dir
	found, err := script.Build{Machine: local.New(func(name string) string { return env[name] }), Job: job, Log: &log}.Tools(p.Context())
	return found, log.String(), err
}

// What mise takes from its own files is asked of mise itself, and so are versions that are
// not exact.
func TestMiseDecidesWhatItsFilesPin(t *testing.T) {
	t.Parallel()
	p := newProject(t)
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

// mise does not believe in an installation that was killed, so nothing has to be removed.
func TestMiseKnowsAHalfInstallation(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	const pins = "erlang 25.2.3\nelixir 1.14.0\n"
	p.files(map[string]string{".tool-versions": pins})
	half := exec.CommandContext(t.Context(), "sh", "-c", `"$HOME/.local/bin/mise" install erlang@25.2.3 &
		while [ ! -d "$HOME/.local/share/mise/installs/erlang/25.2.3" ]; do sleep 0.01; done
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
