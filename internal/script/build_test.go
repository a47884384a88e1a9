package script

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

var app = release.App{Org: "apxr", Name: "apxr_io"}

// checkout is a site whose build host has a checkout with these files.
func checkout(t *testing.T, files map[string]string) *site {
	s := newSite(t)
	for name, text := range files {
		s.writeHome(text, BuildDir(app), "checkout", name)
	}
	return s
}

func (s *site) writeHome(text string, parts ...string) {
	s.t.Helper()
	file := filepath.Join(append([]string{s.home}, parts...)...)
	must(s.t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(s.t, os.WriteFile(file, []byte(text), 0o755))
}

func TestToolsSaysWhatThereIsAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	s := checkout(t, map[string]string{"mix.exs": "", ".tool-versions": "# comment\nerlang 26.2.5 # why\n\n  \nelixir\t1.16.3-otp-26 system\nnodejs 20.1.0"})
	s.command("mix", "exit 1")
	s.command("erl", "printf 26.2.5")
	s.command("elixir", "echo 1.16.3")
	s.command("node", "echo v20.1.0")
	got, err := Tools(t.Context(), s, app, nil)
	must(t, err)
	want := Toolchain{
		OS: got.OS, Arch: got.Arch, Libc: got.Libc,
		Have: map[string]string{"erlang": "26.2.5", "elixir": "1.16.3", "nodejs": "20.1.0"},
		Want: []ToolVersion{{"erlang", []string{"26.2.5"}}, {"elixir", []string{"1.16.3-otp-26", "system"}}, {"nodejs", []string{"20.1.0"}}},
	}
	if !reflect.DeepEqual(got, want) || got.OS == "" || got.Arch == "" {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestToolsRefusesWhatIsNoProject(t *testing.T) {
	t.Parallel()
	_, err := Tools(t.Context(), newSite(t), app, nil)
	wantReason(t, err, "no checkout")
	_, err = Tools(t.Context(), checkout(t, map[string]string{"README": ""}), app, nil)
	wantReason(t, err, "no mix.exs")
}

func TestAnArtifactIsPublishedExportedAndNeverBuiltTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.writeHome("#!/bin/sh\n", PartialArtifactDir(app, r1), "tree", "bin", "apxr_io")
	must(t, Publish(t.Context(), s, app, r1))
	var stream, log bytes.Buffer
	must(t, Export(t.Context(), s, app, r1, &stream, &log))
	cmd := exec.Command("tar", "-tzf", "-")
	cmd.Stdin = &stream
	names, err := cmd.Output()
	must(t, err)
	if got := strings.Fields(string(names)); !reflect.DeepEqual(got, []string{"./", "./bin/", "./bin/apxr_io"}) {
		t.Errorf("%q", got)
	}
	taken, _, err := Checkout(t.Context(), s, app, r1, Source{"git@h:x", "x-1", strings.Repeat("a", 40)}, nil)
	if err != nil || !taken {
		t.Errorf("taken %v, %v", taken, err)
	}
	wantReason(t, Publish(t.Context(), s, app, r1), "cannot publish")
	if err := Export(t.Context(), s, app, r2, &stream, &log); err == nil {
		t.Error("an artifact that is not there was exported")
	}
}

func TestDiscardRemovesThePartialArtifactAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.writeHome("x", ArtifactDir(app, r1), "manifest.json")
	s.writeHome("x", PartialArtifactDir(app, r2), "manifest.json")
	must(t, Discard(t.Context(), s, app, r1))
	must(t, Discard(t.Context(), s, app, r2))
	left, err := os.ReadDir(filepath.Join(s.home, BuildDir(app), "artifacts"))
	must(t, err)
	if len(left) != 1 || left[0].Name() != string(r1) {
		t.Errorf("%v", left)
	}
}
