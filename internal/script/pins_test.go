package script

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// pinned returns what the project in a directory pins, or the mistakes that are reported.
func (s *site) pinned(dir string) (got Toolchain, mistakes string) {
	s.t.Helper()
	j := job
	j.Dir = dir
	got, err := s.build(j, nil).Tools(s.t.Context())
	if err != nil {
		mistakes = err.Error()
	}
	return got, mistakes
}

func TestEachToolIsPinnedByTheNearestFileThatNamesIt(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{
		".tool-versions": "erlang 26.2.5\nzig 1\nnode 20.1.0", "apps/web/mix.exs": "", "apps/web/.tool-versions": "zig 2", "apps/.tool-versions": "zig 3\nnodejs 18.0.0",
		"apps/api/mix.exs": "", "apps/api/.tool-versions": "zig 1",
	})
	got, mistakes := s.pinned("apps/web")
	want := []Pin{{"zig", "2", "apps/web/.tool-versions:1"}, {"nodejs", "18.0.0", "apps/.tool-versions:2"}, {"erlang", "26.2.5", ".tool-versions:1"}}
	if mistakes != "" || !reflect.DeepEqual(got.Want, want) {
		t.Errorf("%+v, %s", got.Want, mistakes)
	}
	s.manager("mise")
	managed, mistakes := s.pinned("apps/web")
	if mistakes != "" || !reflect.DeepEqual(managed.Found, want) || managed.ToolVersions != got.ToolVersions {
		t.Errorf("%+v, %s", managed, mistakes)
	}
	// A change of any of the files that count is another state of the tools.
	sums := []string{got.ToolVersions}
	for _, file := range []string{".tool-versions", "apps/web/.tool-versions"} {
		s.writeHome(s.readHome(BuildDir(app), "checkout", file)+"\n", BuildDir(app), "checkout", file)
		got, _ = s.pinned("apps/web")
		if len(got.ToolVersions) != 64 || slices.Contains(sums, got.ToolVersions) {
			t.Errorf("%s: %s is one of %q", file, got.ToolVersions, sums)
		}
		sums = append(sums, got.ToolVersions)
	}
}

func TestLinesOfToolVersions(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{".tool-versions": "\ufeff# first\r\nerlang 26.2.5\r\n\r\n  elixir:\t1.16.3-otp-26 system # why\r\njq 1.7 1.6\r\n#zig 1\nshfmt 3.8.0#now\nzig system\njq 1.7\nterraform ref:abc\nprotoc path:/opt/protoc\n"})
	want := []Pin{
		{"erlang", "26.2.5", ".tool-versions:2"},
		{"elixir", "1.16.3-otp-26", ".tool-versions:4"},
		{"jq", "1.7", ".tool-versions:5"},
		{"shfmt", "3.8.0", ".tool-versions:7"},
		{"zig", "system", ".tool-versions:8"},
		{"terraform", "ref:abc", ".tool-versions:10"},
		{"protoc", "path:/opt/protoc", ".tool-versions:11"},
	}
	if got, mistakes := s.pinned("."); mistakes != "" || !reflect.DeepEqual(got.Want, want) {
		t.Errorf("%+v, %s", got.Want, mistakes)
	}
}

func TestMistakesInPinsAreReportedTogether(t *testing.T) {
	t.Parallel()
	pins := map[string]string{
		".tool-versions": "zig\njq latest\nhelm latest:3.1\ngo 1.22.1\ngolang 1.23.0\nshfmt -x\nerlang 26.2.5\nzig\u00a01",
		".nvmrc":         "lts/*", ".elixir-version": "1.16.3", ".exenv-version": "1.15.0", ".erlang-version": "25.0",
	}
	same := []string{
		".tool-versions:1 names zig without a version: write the exact version after it",
		".tool-versions:5 pins golang to 1.23.0, and an earlier line to 1.22.1: keep one of them",
		".tool-versions:6 pins shfmt to -x, which is no version: pin an exact version",
		".tool-versions:8 is no line of a tool and its version: it has characters other than those of ASCII",
		".exenv-version:1 pins elixir 1.15.0, and .elixir-version 1.16.3: make them agree",
		".erlang-version:1 pins erlang 25.0, and .tool-versions 26.2.5: make them agree",
	}
	for manager, own := range map[string][]string{
		"asdf": {
			`.tool-versions:2 pins jq to latest, which asdf does not take from a file: pin the exact version that "asdf latest jq" prints`,
			`.tool-versions:3 pins helm to latest:3.1, which asdf does not take from a file: pin the exact version that "asdf latest helm 3.1" prints`,
		},
		"mise": {".tool-versions:3 pins helm to latest:3.1, which mise does not take from a file: pin an exact version"},
		"": {
			".tool-versions:2 pins jq to latest, which is no exact version: pin an exact version",
			".tool-versions:3 pins helm to latest:3.1, which is no exact version: pin an exact version",
		},
	} {
		s := builder(t, pins)
		if manager != "" {
			s.manager(manager)
		}
		_, mistakes := s.pinned(".")
		got, want := strings.Split(mistakes, "\n"), append(slices.Clone(same), own...)
		slices.Sort(got)
		slices.Sort(want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", manager, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		s.wantCalls()
	}
}

// Other programs' files pin Erlang and Elixir, and say which node there has to be.
func TestFilesOfOneTool(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{".elixir-version": "1.16.3\n", "web/mix.exs": "", "web/.erlang-version": "# OTP\n26.2.5\n", "web/.node-version": "v20\n", ".tool-versions": "jq 1.7"})
	s.command("node", "echo v20.1.0")
	got, mistakes := s.pinned("web")
	want := []Pin{{"erlang", "26.2.5", "web/.erlang-version:2"}, {"jq", "1.7", ".tool-versions:1"}, {"elixir", "1.16.3", ".elixir-version:1"}}
	if mistakes != "" || !reflect.DeepEqual(got.Want, want) || !reflect.DeepEqual(got.Heed, []Pin{{"nodejs", "v20", "web/.node-version:1"}}) || got.Have["nodejs"] != "v20.1.0" {
		t.Errorf("%+v, %s", got, mistakes)
	}
	s.writeHome("nodejs 20.1.0", BuildDir(app), "checkout", ".tool-versions")
	if got, mistakes := s.pinned("web"); mistakes != "" || len(got.Heed) != 0 {
		t.Errorf("%+v, %s", got, mistakes)
	}
	s.writeHome("nodejs 18.0.0", BuildDir(app), "checkout", ".tool-versions")
	if _, mistakes := s.pinned("web"); mistakes != "web/.node-version:1 pins nodejs v20, and .tool-versions 18.0.0: make them agree" {
		t.Error(mistakes)
	}
}

// Without mise, its files are refused by name, unless .tool-versions has the same pins.
func TestFilesOfMiseWithoutMise(t *testing.T) {
	t.Parallel()
	const remedy = " pins tools for mise, which is not on the build server: install mise there, or pin the tools in .tool-versions instead"
	for _, file := range []string{
		"mise.toml", ".mise.toml", ".config/mise/config.toml", ".config/mise.toml", "mise/config.toml", ".mise/config.toml", "mise.local.toml", ".config/mise/conf.d/a.toml", "web/mise.toml",
	} {
		s := builder(t, map[string]string{file: "[env]\nA = '1'\n\n[tools]\njq = \"1.7\"\n", "web/mix.exs": ""})
		if len(file)%2 == 0 {
			s.manager("asdf")
		}
		if _, mistakes := s.pinned("web"); mistakes != file+remedy {
			t.Errorf("%s: %q", file, mistakes)
		}
	}
	for text, fine := range map[string]bool{
		"[env]\nA = 'tools'\n[tasks.tools]\nrun = 'x'\n":         true,
		"[tools] # as in the other\r\nnode = '20.1.0'\r\n":       true,
		"[tools]\nnode = \"20.1.0\"\njq=\"1.7\"\n[env]\nB='2'\n": true,
		"[tools]\nnode = \"20\"\n":                               false,
		"[tools]\nnode = \"20.1.0\"\nzig = \"1\"\n":              false,
		"[tools]\nnode = {version = \"20.1.0\"}\n":               false,
		"[tools.node]\nversion = \"20.1.0\"\n":                   false,
		"tools.node = \"20.1.0\"\n":                              false,
		"[\"tools\"]\nnode = \"20.1.0\"\n":                       false,
	} {
		s := builder(t, map[string]string{"mise.toml": text, ".tool-versions": "nodejs 20.1.0\njq 1.7\n"})
		if _, mistakes := s.pinned("."); mistakes != map[bool]string{false: "mise.toml" + remedy}[fine] {
			t.Errorf("%q: %q", text, mistakes)
		}
	}
}

// misePins writes what the real mise answers: it is asked in test/managers.
func (s *site) misePins(entries ...string) {
	s.t.Helper()
	text := "{\n"
	for _, entry := range entries {
		word := strings.Fields(entry)
		text += fmt.Sprintf("  %q: [\n    {\n      \"version\": \"x\",\n      \"requested_version\": %q,\n      \"install_path\": \"/x\",\n      \"source\": {\n"+
			"        \"type\": \"mise.toml\",\n        \"path\": %q\n      },\n      \"installed\": false\n    }\n  ],\n", word[0], word[1], word[2])
	}
	s.writeHome(text+"}\n", "ls.json")
}

func siteWithMise(t *testing.T) (s *site, top string) {
	t.Helper()
	s = builder(t, map[string]string{"web/mix.exs": "", "web/mise.toml": "[tools]", ".tool-versions": "jq 1.7\nnodejs 20.1.0"})
	s.manager("mise")
	return s, s.project()
}

func TestMiseSaysWhatItsFilesPin(t *testing.T) {
	t.Parallel()
	s, top := siteWithMise(t)
	s.misePins("jq latest "+top+"/web/mise.toml", "node 20.1.0 "+top+"/.tool-versions", "zig 1 "+s.home+"/.config/mise/config.toml")
	s.writeHome(`case $2 in jq) at=$HOME/installs/jq/1.7.1 ;; esac`, "on.where")
	s.writeHome(`case $2 in jq) at=$HOME/installs/jq/1.7.1 ;; esac`, "on.install")
	got, mistakes := s.pinned("web")
	if want := []Pin{{"jq", "latest", "web/mise.toml"}, {"nodejs", "20.1.0", ".tool-versions:2"}}; mistakes != "" || !reflect.DeepEqual(got.Want, want) {
		t.Errorf("%+v, %s", got.Want, mistakes)
	}
	if want := []Pin{{"jq", "1.7.1", "web/mise.toml"}, {"nodejs", "20.1.0", ".tool-versions:2"}}; !reflect.DeepEqual(got.Found, want) {
		t.Errorf("%+v", got.Found)
	}
	s.wantCalls("mise ls --current --json", "mise where jq", "mise install jq", "mise where jq", "mise where nodejs@20.1.0", "mise install nodejs@20.1.0", "mise where nodejs@20.1.0",
		"mise bin-paths jq@1.7.1", "mise bin-paths nodejs@20.1.0")
	// Another choice of mise is another state of the tools.
	s.writeHome(`case $2 in jq) at=$HOME/installs/jq/1.7.2 ;; esac`, "on.where")
	s.installed("jq@1.7.2")
	if again, mistakes := s.pinned("web"); mistakes != "" || again.ToolVersions == got.ToolVersions {
		t.Errorf("%+v, %s", again, mistakes)
	}
	must(t, os.Remove(filepath.Join(s.home, "ls.json")))
	_, mistakes = s.pinned("web")
	if want := "mise cannot say what the project pins (see the lines above): its files are web/mise.toml"; mistakes != want {
		t.Error(mistakes)
	}
}

func TestFilesThatMiseDoesNotReadAreNotPassedOver(t *testing.T) {
	t.Parallel()
	s, top := siteWithMise(t)
	s.misePins("elixir 1.16 "+top+"/mise.toml", "node 20.1.0 "+top+"/web/mise.toml")
	s.writeHome("jq 1.7", BuildDir(app), "checkout", ".tool-versions")
	s.writeHome("20.1", BuildDir(app), "checkout", ".node-version")
	s.writeHome("1.16.3", BuildDir(app), "checkout", "web", ".elixir-version")
	s.writeHome(`case $2 in node | elixir) at=$HOME/installs/$2/1 ;; esac`, "on.where")
	s.installed("elixir@1", "node@1")
	if _, mistakes := s.pinned("web"); mistakes != "" {
		t.Error(mistakes)
	}
	s.writeHome("18", BuildDir(app), "checkout", ".node-version")
	s.writeHome("1.15.7", BuildDir(app), "checkout", "web", ".elixir-version")
	_, mistakes := s.pinned("web")
	const agree = ": make them agree"
	if want := "web/.elixir-version:1 pins elixir 1.15.7, and mise.toml 1.16" + agree + "\n.node-version:1 pins nodejs 18, and web/mise.toml 20.1.0" + agree; mistakes != want {
		t.Error(mistakes)
	}
}

// The log says where Erlang and Elixir come from, each by itself.
func TestErlangAndElixirComeFromWhereTheirProgramsAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ manager, pins, erlang, elixir string }{
		"no manager":         {"", "elixir 1", "the PATH", "the PATH"},
		"nothing is pinned":  {"mise", "", "the PATH", "the PATH"},
		"mise, one":          {"mise", "elixir 1", "the PATH", "mise"},
		"mise, both":         {"mise", "elixir 1\nerlang 2", "mise", "mise"},
		"mise, system":       {"mise", "elixir 1\nerlang system", "the PATH", "mise"},
		"mise, another tool": {"mise", "zig 1", "the PATH", "the PATH"},
		"asdf, one":          {"asdf", "erlang 1", "asdf", "the PATH"},
		"asdf, both":         {"asdf", "erlang 1\nelixir 2", "asdf", "asdf"},
		"asdf, system":       {"asdf", "erlang 1\nelixir system", "asdf", "the PATH"},
	} {
		s := builder(t, map[string]string{".tool-versions": c.pins})
		if c.manager != "" {
			s.manager(c.manager)
			s.writeHome("zig\nelixir\nerlang\n", "plugins")
		}
		for tool, program := range map[string]string{"erlang": "erl", "elixir": "elixir"} {
			if strings.Contains(c.pins, tool) {
				for _, version := range []string{"1", "2"} {
					s.writeHome("#!/bin/sh\n", "installs", tool, version, "bin", program)
				}
				s.writeHome("#!/bin/sh\n", ".asdf", "shims", program)
			}
		}
		got, mistakes := s.pinned(".")
		if want := map[string]string{"erlang": c.erlang, "elixir": c.elixir}; mistakes != "" || !reflect.DeepEqual(got.From, want) {
			t.Errorf("%s: %q, %s", name, got.From, mistakes)
		}
	}
}

// All builds share what is installed. So nothing is removed unless asdf certainly did not
// complete it.
func TestOnlyAHalfInstallationIsRemoved(t *testing.T) {
	t.Parallel()
	note := filepath.Join("slipway", "tools.installing")
	for name, c := range map[string]struct {
		manager, note, shim string
		there, uninstall    bool
	}{
		"half":                 {"asdf", "erlang 2 ", "# asdf-plugin: erlang 1", true, true},
		"half, of another":     {"asdf", "erlang 2 ", "# asdf-plugin: erlang 2.1", true, true},
		"half, with old shims": {"asdf", "erlang 2 shims", "# asdf-plugin: erlang 2", true, true},
		"complete":             {"asdf", "erlang 2 ", "# asdf-plugin: erlang 2", true, false},
		"never begun":          {"asdf", "erlang 2 ", "", false, false},
		"mise knows by itself": {"mise", "erlang 2 ", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, map[string]string{".tool-versions": "zig 1"})
			s.manager(c.manager)
			s.installed("zig@1")
			s.writeHome("zig\nerlang\n", "plugins")
			s.writeHome(c.note+"\n", note)
			s.writeHome("#!/bin/sh\n"+c.shim+"\nexec true\n", ".asdf", "shims", "erlc")
			if c.there {
				s.installed("erlang@2")
			}
			log, _, err := tools(t, s)
			must(t, err)
			calls := s.calls()
			if slices.Contains(calls, "asdf uninstall erlang 2") != c.uninstall || strings.Contains(log, "was interrupted") != c.uninstall {
				t.Errorf("%q\n%s", calls, log)
			}
			if (c.manager == "asdf") == (s.readHome(note) != "") {
				t.Errorf("the note is %q", s.readHome(note))
			}
		})
	}
}

// A build that ends while it only looks must not make the next one install anything anew.
func TestOnlyAnInstallationLeavesANote(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{".tool-versions": "erlang 2\nzig 1"})
	s.manager("asdf")
	s.installed("erlang@2")
	const look = `echo "$1 $2 $(cat "$HOME/slipway/tools.installing" 2>/dev/null)" >>"$HOME/notes"`
	s.writeHome(look, "on.where")
	s.writeHome(look, "on.install")
	s.writeHome("zig\nerlang\n", "plugins")
	_, _, err := tools(t, s)
	must(t, err)
	if got, want := s.readHome("notes"), "where erlang \nwhere zig \ninstall zig zig 1 \nwhere zig zig 1 \n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if s.readHome("slipway", "tools.installing") != "" {
		t.Error("the note is still there")
	}
	s.writeHome("#!/bin/sh\n# asdf-plugin: zig 1\n", ".asdf", "shims", "zig")
	s.writeHome("kill -9 $PPID; exit 1", "on.install") // asdf dies with what called it
	must(t, os.RemoveAll(filepath.Join(s.home, "installs", "zig")))
	if _, _, err := tools(t, s); err == nil || s.readHome("slipway", "tools.installing") != "zig 1 shims\n" {
		t.Errorf("%v, the note is %q", err, s.readHome("slipway", "tools.installing"))
	}
}
