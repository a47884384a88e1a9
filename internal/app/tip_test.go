package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// must stops the test at an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pushed is a repository with two commits on main, and a release of each on the
// build server, which is this machine.
type pushed struct {
	*world
	t         *testing.T
	repo      string
	good, bad string
}

const goodID, badID = release.ID("20240101T000000"), release.ID("20240102T000000")

func newPushed(t *testing.T, repository string) *pushed {
	t.Helper()
	home := t.TempDir()
	p := &pushed{world: newWorld(), t: t, repo: filepath.Join(home, "repo")}
	bin := filepath.Join(home, "bin")
	must(t, os.Mkdir(bin, 0o755))
	// Instead of a connection, ssh runs git's own server.
	must(t, os.WriteFile(filepath.Join(bin, "ssh"), []byte("#!/bin/sh\nfor command; do :; done\neval \"exec $command\"\n"), 0o755))
	p.env["HOME"], p.env["PATH"] = home, bin+":"+os.Getenv("PATH")
	p.sh("git init -q -b main " + p.repo)
	p.good, p.bad = p.commit("good"), p.commit("bad")
	if repository == "" {
		repository = "git@git.example.com:" + p.repo
	}
	for id, revision := range map[release.ID]string{goodID: p.good, badID: p.bad} {
		data, err := release.Manifest{
			Format: release.ManifestFormat, ReleaseID: id, Org: "apxr", App: "apxr_io", Version: "0.1.0", Revision: revision,
			Ref: "refs/heads/main", Repository: repository, Files: []release.File{{Path: "x", Kind: release.Dir}},
		}.JSON()
		must(t, err)
		dir := filepath.Join(home, script.ArtifactDir(release.App{Org: "apxr", Name: "apxr_io"}, id))
		must(t, os.MkdirAll(dir, 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o644))
	}
	return p
}

func (p *pushed) sh(command string) string {
	p.t.Helper()
	cmd := exec.Command("sh", "-ec", command)
	cmd.Env = append(os.Environ(), "HOME="+p.env["HOME"])
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s: %v: %s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (p *pushed) commit(text string) string {
	return p.sh("cd " + p.repo + "; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m " + text + "; git rev-parse HEAD")
}

// isTip opens a release as a deploy does and asks.
func (p *pushed) isTip(id release.ID, told *announcer) (bool, error) {
	p.t.Helper()
	j := job{
		settings: settings{Config: config.Config{App: release.App{Org: "apxr", Name: "apxr_io"}, BuildHost: config.Host{Host: "local"}}},
		origin:   origin{getenv: p.Getenv, told: told}, log: progress.New(gha.New(p.Getenv, p.Stdout)),
	}
	var err error
	j.servers, err = newDialer(j.Config, p.Getenv, j.log)
	must(p.t, err)
	artifact, done, err := j.open(p.t.Context(), id)
	must(p.t, err)
	defer done()
	return artifact.IsTip(p.t.Context())
}

// After a forced push back, the older commit is the tip. The build server asks the
// repository itself.
func TestTheBuildServerAsksTheRepositoryForItsTip(t *testing.T) {
	t.Parallel()
	p := newPushed(t, "")
	for _, step := range []struct {
		push      string
		good, bad bool
	}{{"true", false, true}, {"git reset -q --hard " + p.good, true, false}, {"git checkout -q --detach; git branch -q -D main", false, false}} {
		p.sh("cd " + p.repo + "; " + step.push)
		for id, want := range map[release.ID]bool{goodID: step.good, badID: step.bad} {
			if got, err := p.isTip(id, nil); got != want || err != nil {
				t.Errorf("after %s: %s: %v, %v", step.push, id, got, err)
			}
		}
	}
	p.sh("mv " + p.repo + " " + p.repo + ".moved")
	if got, err := p.isTip(goodID, nil); got || err == nil || !strings.Contains(err.Error(), "the build server cannot ask git@git.example.com:") {
		t.Errorf("without the repository: %v, %v", got, err)
	}
}

// GitHub answers for the workflow's own repository, for which the build server may
// have no key.
func TestGitHubIsAskedForTheTipOfItsRepository(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		repository, token string
		status            int
		asked, want       bool
		problem           string
	}{
		"by SSH":             {"git@github.com:apxr/apxr_io.git", "t", 200, true, true, ""},
		"by HTTPS":           {"https://github.com/Apxr/apxr_io", "t", 200, true, true, ""},
		"refused":            {"git@github.com:apxr/apxr_io.git", "t", 403, true, false, "Add 'contents: read' to the job's permissions; the build server cannot ask git@github.com:apxr/apxr_io.git: "},
		"without a token":    {"git@github.com:apxr/apxr_io.git", "", 200, false, false, "the build server cannot ask"},
		"another repository": {"git@github.com:apxr/other.git", "t", 200, false, false, "the build server cannot ask"},
		"another server":     {"git@git.example.com:apxr/apxr_io.git", "t", 200, false, false, "the build server cannot ask"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPushed(t, c.repository)
			p.step(t)
			var asked atomic.Bool
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Store(r.URL.Path == "/repos/apxr/apxr_io/git/ref/heads/main")
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `{"ref":"refs/heads/main","object":{"type":"commit","sha":"%s"}}`, p.good)
			}))
			defer api.Close()
			p.env["GITHUB_API_URL"] = api.URL
			step, err := gha.New(p.Getenv, p.Stdout).Run()
			must(t, err)
			told := &announcer{cfg: config.Config{GitHub: config.GitHub{Token: c.token}}, step: step}
			got, err := p.isTip(goodID, told)
			if got != c.want || asked.Load() != c.asked || (err == nil) != (c.problem == "") {
				t.Fatalf("%v, %v, asked: %v", got, err, asked.Load())
			}
			if err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Error(err)
			}
		})
	}
}
