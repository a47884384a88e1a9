package script

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

var (
	app = release.App{Org: "apxr", Name: "apxr_io"}
	job = Job{App: app, ID: r1, Dir: ".", MixEnv: "prod", Token: ours}
)

// pathsOf returns the paths that mix uses unless mix.exs changes them.
func pathsOf(j Job) Paths {
	return Paths{Lock: path.Join(j.Dir, "mix.lock"), Deps: path.Join(j.Dir, "deps"), Build: path.Join(j.Dir, "_build")}
}

// checkout returns a site whose build host has a checkout with these files. Its
// tools print their arguments.
func checkout(t *testing.T, files map[string]string) *site {
	s := newSite(t)
	for name, text := range files {
		s.writeHome(text, BuildDir(app), "checkout", name)
	}
	s.command("erl", "printf 26.2.5")
	s.command("elixir", "exit 1")
	s.command("mix", `echo "mix $*" >>"$HOME/calls"`)
	return s
}

func (s *site) writeHome(text string, parts ...string) {
	s.t.Helper()
	file := filepath.Join(append([]string{s.home}, parts...)...)
	must(s.t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(s.t, os.WriteFile(file, []byte(text), 0o755))
}

// readHome returns the text of a file, or "" if there is none.
func (s *site) readHome(parts ...string) string {
	data, err := os.ReadFile(filepath.Join(append([]string{s.home}, parts...)...))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(data)
}

func TestToolsSaysWhatThereIsAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	s := checkout(t, map[string]string{
		"mix.exs":        "",
		".tool-versions": "# comment\nerlang 26.2.5 # why\n\n  \nelixir\t1.16.3-otp-26 system\nnodejs 20.1.0\njust 1.2\nzig 3\n",
	})
	s.command("node", "echo v20.1.0")
	s.command("just", "echo just 1.2; echo more")
	got, err := s.build(job, nil).Tools(t.Context())
	must(t, err)
	want := Toolchain{
		OS: got.OS, Arch: got.Arch, Libc: got.Libc, Kernel: got.Kernel,
		Have: map[string]string{"nodejs": "v20.1.0", "just": "just 1.2 more"},
		From: map[string]string{"erlang": "the PATH", "elixir": "the PATH"},
		Want: []Pin{
			{"erlang", "26.2.5", ".tool-versions:2"},
			{"elixir", "1.16.3-otp-26", ".tool-versions:5"},
			{"nodejs", "20.1.0", ".tool-versions:6"},
			{"just", "1.2", ".tool-versions:7"},
			{"zig", "3", ".tool-versions:8"},
		},
		ToolVersions: got.ToolVersions,
	}
	if !reflect.DeepEqual(got, want) || got.OS == "" || got.Arch == "" || got.Kernel == "" || len(got.ToolVersions) != 64 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestTheNearestToolVersionsCounts(t *testing.T) {
	t.Parallel()
	s := checkout(t, map[string]string{".tool-versions": "erlang 1", "apps/web/mix.exs": "", "apps/api/mix.exs": "", "apps/api/.tool-versions": "erlang 2"})
	s.writeHome("erlang 3", "slipway", ".tool-versions") // above the repository, so it is not the project's
	for dir, version := range map[string]string{"apps/web": "1", "apps/api": "2"} {
		j := job
		j.Dir = dir
		got, err := s.build(j, nil).Tools(t.Context())
		if err != nil || len(got.Want) != 1 || got.Want[0].Version != version {
			t.Errorf("%s: %+v, %v", dir, got.Want, err)
		}
	}
	must(t, os.Remove(filepath.Join(s.home, BuildDir(app), "checkout", ".tool-versions")))
	j := job
	j.Dir = "apps/web"
	if got, err := s.build(j, nil).Tools(t.Context()); err != nil || len(got.Want) != 0 || got.ToolVersions != "" {
		t.Errorf("%+v, %v: what lies above the repository is not its own", got.Want, err)
	}
}

func TestToolsRefusesWhatIsNoProject(t *testing.T) {
	t.Parallel()
	_, err := Build{Machine: newSite(t), Job: job}.Tools(t.Context())
	wantReason(t, err, "no directory .")
	s := checkout(t, map[string]string{"README": "", "web/README": ""})
	_, err = s.build(job, nil).Tools(t.Context())
	wantReason(t, err, "there is neither mix.exs nor rebar.config in the repository's top: name the directory that has one as project-dir")
	j := job
	j.Dir = "web"
	_, err = s.build(j, nil).Tools(t.Context())
	wantReason(t, err, "neither mix.exs nor rebar.config in web of the repository")
	s.writeHome("include ../erlang.mk\n", BuildDir(app), "checkout", "web", "Makefile")
	_, err = s.build(j, nil).Tools(t.Context())
	wantReason(t, err, "web of the repository has a project of erlang.mk, which cannot be built: give it a rebar.config")
	j.Dir = "nowhere"
	_, err = s.build(j, nil).Tools(t.Context())
	wantReason(t, err, "no directory nowhere")
}

func TestAnArtifactIsPublishedExportedAndNeverBuiltTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.writeHome("#!/bin/sh\n", PartialArtifactDir(app, r1), "tree", "bin", "apxr_io")
	s.writeHome("x", BuildDir(app), "scratch", "identities")
	must(t, s.build(job, nil).Publish(t.Context()))
	if s.readHome(BuildDir(app), "scratch", "identities") != "" {
		t.Error("the scratch directory is still there")
	}
	var stream, log bytes.Buffer
	logged := Store{Machine: s, App: app, Log: &log}
	must(t, logged.Export(t.Context(), r1, nil, &stream))
	cmd := exec.Command("tar", "--zstd", "-tf", "-")
	cmd.Stdin = &stream
	names, err := cmd.Output()
	must(t, err)
	if got := strings.Fields(string(names)); !reflect.DeepEqual(got, []string{"./", "./bin/", "./bin/apxr_io"}) {
		t.Errorf("%q", got)
	}
	_, taken, err := s.build(job, nil).Checkout(t.Context(), Source{Repository: "git@h:x", Revision: strings.Repeat("a", 40)})
	if err != nil || !taken {
		t.Errorf("taken %v, %v", taken, err)
	}
	wantReason(t, s.build(job, nil).Publish(t.Context()), "cannot publish")
	if err := logged.Export(t.Context(), r2, nil, &stream); err == nil {
		t.Error("an artifact that is not there was exported")
	}
}

func TestDiscardRemovesThePartialArtifactAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.writeHome("x", ArtifactDir(app, r1), "manifest.json")
	s.writeHome("x", PartialArtifactDir(app, r2), "manifest.json")
	must(t, s.build(job, nil).Discard(t.Context()))
	must(t, s.build(Job{App: app, ID: r2}, nil).Discard(t.Context()))
	left, err := os.ReadDir(filepath.Join(s.home, BuildDir(app), "artifacts"))
	must(t, err)
	if len(left) != 1 || left[0].Name() != string(r1) {
		t.Errorf("%v", left)
	}
}
