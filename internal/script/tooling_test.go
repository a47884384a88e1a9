package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// manager puts a stand-in for asdf or mise below the home directory. It looks
// up plugins and installations as files, and reads all input that it can reach.
func (s *site) manager(name string, place ...string) {
	s.t.Helper()
	if place == nil {
		place = []string{".local", "bin", name}
	}
	s.writeHome(`#!/bin/sh
echo "`+name+` $*" >>"$HOME/calls"
cat >>"$HOME/stdin"; { cat <&4; } >>"$HOME/stdin" 2>/dev/null
ls -l /proc/$$/fd >>"$HOME/fds.$1"
at=$HOME/installs/$(printf '%s' "$2 ${3-}" | sed 's/ $//' | tr ' ' / | sed 's,@,/,')
case $1 in
where) [ ! -e "$HOME/on.where" ] || . "$HOME/on.where"; [ -d "$at" ] && echo "$at" ;;
bin-paths) [ ! -e "$HOME/on.bin-paths" ] || . "$HOME/on.bin-paths"; [ -d "$at" ] && printf '%s\n' "$at/bin" "$at/more" ;;
plugin) case $2 in list) cat "$HOME/plugins" 2>/dev/null ;; add) [ ! -e "$HOME/no.plugin" ] && echo "$3" >>"$HOME/plugins" ;; esac ;;
install) echo "yes=${MISE_YES-}" >>"$HOME/answers"; [ ! -e "$HOME/no.install" ] || exit 1; [ ! -e "$HOME/on.install" ] || . "$HOME/on.install"; [ -e "$HOME/no.result" ] || mkdir -p "$at" ;;
uninstall) rmdir "$at" ;;
ls) cat "$HOME/ls.json" ;;
*) exit 3 ;;
esac
`, place...)
}

// installed puts tools where the stand-ins look for them.
func (s *site) installed(tools ...string) {
	for _, tool := range tools {
		must(s.t, os.MkdirAll(filepath.Join(s.home, "installs", strings.Replace(tool, "@", "/", 1)), 0o755))
	}
}

func tools(t *testing.T, s *site) (log string, manager string, err error) {
	t.Helper()
	var said strings.Builder
	got, err := s.build(job, &said).Tools(t.Context())
	return said.String(), got.Manager, err
}

const pins = "erlang 26.2.5 # why\n# nodejs 1\nelixir 1.16.3-otp-26 1.15.0\n\nmy-tool 3\nzig system\nrust path:/opt/rust"

func pinnedSite(t *testing.T) *site {
	s := builder(t, map[string]string{".tool-versions": pins})
	s.command("flock", "exit 0")
	s.writeHome("rust\n", "plugins")
	s.installed("rust@path:/opt/rust")
	return s
}

func TestAsdfInstallsWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	s.manager("asdf")
	s.installed("elixir@1.16.3-otp-26")
	s.writeHome("elixir\nmy-tool-too\nerlang\nrust\n", "plugins")
	_, manager, err := tools(t, s)
	must(t, err)
	s.wantCalls("asdf where erlang 26.2.5", "asdf plugin list", "asdf install erlang 26.2.5", "asdf where erlang 26.2.5",
		"asdf where elixir 1.16.3-otp-26",
		"asdf where my-tool 3", "asdf plugin list", "asdf plugin add my-tool", "asdf install my-tool 3", "asdf where my-tool 3",
		"asdf plugin list")
	if manager != "asdf" || s.readHome("stdin") != "" {
		t.Errorf("manager %q has read %q", manager, s.readHome("stdin"))
	}
	_, _, err = tools(t, s)
	must(t, err)
	s.wantCalls("asdf where erlang 26.2.5", "asdf where elixir 1.16.3-otp-26", "asdf where my-tool 3", "asdf plugin list")
}

func TestMiseInstallsWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	s.manager("mise")
	s.installed("elixir@1.16.3-otp-26")
	_, manager, err := tools(t, s)
	must(t, err)
	s.wantCalls("mise where erlang@26.2.5", "mise install erlang@26.2.5", "mise where erlang@26.2.5", "mise where elixir@1.16.3-otp-26",
		"mise where my-tool@3", "mise install my-tool@3", "mise where my-tool@3",
		"mise bin-paths erlang@26.2.5", "mise bin-paths elixir@1.16.3-otp-26", "mise bin-paths my-tool@3", "mise bin-paths rust@path:/opt/rust")
	if manager != "mise" || s.readHome("stdin") != "" || s.readHome("answers") != "yes=1\nyes=1\n" {
		t.Errorf("manager %q has read %q, was answered %q", manager, s.readHome("stdin"), s.readHome("answers"))
	}
}

// A process that a manager leaves running must hold neither the lock nor the
// answer.
func TestAnInstallationInheritsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"asdf", "mise"} {
		s := pinnedSite(t)
		s.manager(name)
		_, _, err := tools(t, s)
		must(t, err)
		commands := []string{"install", "where"}
		if name == "asdf" {
			commands = append(commands, "plugin")
		}
		for _, command := range commands {
			fds := s.readHome("fds." + command)
			for _, fd := range []string{" 4 -> ", " 7 -> ", "tools.lock"} {
				if fds == "" || strings.Contains(fds, fd) {
					t.Errorf("%s %s has\n%s", name, command, fds)
				}
			}
			if command == "install" && strings.Contains(fds, " 3 -> ") {
				t.Errorf("%s %s can write facts:\n%s", name, command, fds)
			}
		}
	}
}

func TestToolsThatCannotBeInstalled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ manager, file, pins, reason string }{
		"asdf, no plugin": {"asdf", "no.plugin", "zig 1", ".tool-versions:1 pins zig, for which asdf cannot add a plugin (see the lines above): add it on the build server by 'asdf plugin add zig URL'"},
		"asdf, fails":     {"asdf", "no.install", "zig 1", ".tool-versions:1 pins zig 1, which asdf cannot install: see the lines above. Pin an exact version that asdf knows"},
		"asdf, pretends":  {"asdf", "no.result", "zig 1", ".tool-versions:1 pins zig 1, which asdf cannot install: see the lines above. Pin an exact version that asdf knows"},
		"mise, fails":     {"mise", "no.install", "zig 1", ".tool-versions:1 pins zig 1, which mise cannot install: see the lines above. Pin an exact version that mise knows"},
		"mise, pretends":  {"mise", "no.result", "zig 1", ".tool-versions:1 pins zig 1, which mise cannot install: see the lines above. Pin an exact version that mise knows"},
		"no line break":   {"mise", "no.install", "erlang system\nzig 1", ".tool-versions:2 pins zig 1, which mise cannot install"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, map[string]string{".tool-versions": c.pins})
			s.manager(c.manager)
			s.writeHome("", c.file)
			_, _, err := tools(t, s)
			wantReason(t, err, c.reason)
			if strings.Contains(s.readHome("calls"), "elixir ") {
				t.Errorf("it went on to\n%s", s.readHome("calls"))
			}
		})
	}
}

func TestOneBuildAtATimeInstalls(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	s.manager("mise")
	s.command("flock", `echo "$*" >>"$HOME/flock.log"; [ "$1" != -n ]`)
	log, _, err := tools(t, s)
	must(t, err)
	if got := s.readHome("flock.log"); got != "-n 7\n-w 3600 7\n" || !strings.Contains(log, "waiting for another build that installs tools\n") {
		t.Errorf("%q, log %s", got, log)
	}
	s.calls()
	s.command("flock", "exit 1")
	_, _, err = tools(t, s)
	wantReason(t, err, "another build has been installing tools for an hour")
	s.wantCalls()
}

func TestManagersAreFoundWhereTheyAreInstalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		places [][]string // the last part is the name
		env    string
		want   string
	}{
		{nil, "", ""},
		{[][]string{{".local", "bin", "mise"}}, "", "mise"},
		{[][]string{{".local", "bin", "asdf"}}, "", "asdf"},
		{[][]string{{".asdf", "bin", "asdf"}}, "", "asdf"},
		{[][]string{{"elsewhere", "bin", "asdf"}}, "ASDF_DIR", "asdf"},
		{[][]string{{"elsewhere", "bin", "asdf"}}, "", ""},
		{[][]string{{".local", "bin", "asdf"}, {".local", "bin", "mise"}}, "", "mise"},
		{[][]string{{"..", "bin", "asdf"}, {".local", "bin", "mise"}}, "", "mise"},
		{[][]string{{"..", "bin", "mise"}, {"..", "bin", "asdf"}}, "", "mise"},
		{[][]string{{"..", "usr", "local", "bin", "asdf"}}, "", "asdf"},
		{[][]string{{"..", "usr", "local", "bin", "asdf"}, {"..", "usr", "local", "bin", "mise"}}, "", "mise"},
		{[][]string{{"..", "opt", "asdf", "bin", "asdf"}}, "", "asdf"},
		{[][]string{{"..", "opt", "asdf", "bin", "asdf"}, {"..", "opt", "mise", "bin", "mise"}}, "", "mise"},
	} {
		s := checkout(t, map[string]string{"mix.exs": "", ".tool-versions": "zig system"})
		for _, place := range c.places {
			s.manager(place[len(place)-1], place...)
		}
		if c.env != "" {
			s.env = append(s.env, c.env+"="+filepath.Join(s.home, "elsewhere"))
		}
		if _, got, err := tools(t, s); err != nil || got != c.want {
			t.Errorf("%q: %q, %v", c.places, got, err)
		}
	}
}

// toolJob returns the job with the tools that the first step has found.
func (s *site) toolJob() Job {
	s.t.Helper()
	found, err := s.build(job, nil).Tools(s.t.Context())
	must(s.t, err)
	s.calls()
	j := job
	j.Tools = found.Found
	return j
}

// toolEnv returns the environment of mix in a build.
func (s *site) toolEnv(env ...string) map[string]string {
	s.t.Helper()
	s.env = append(s.env, env...)
	must(s.t, s.build(s.toolJob(), nil).CompileDeps(s.t.Context(), pathsOf(job), "1.16.3"))
	return environ(s.t, s.readHome("environ.deps.compile"))
}

func TestAsdfSelectsByVariablesBeforeAllFiles(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	s.manager("asdf", ".asdf", "bin", "asdf")
	s.writeHome("elixir\nmy-tool\nerlang\nrust\n", "plugins")
	vars := s.toolEnv()
	want := map[string]string{"ASDF_ERLANG_VERSION": "26.2.5", "ASDF_ELIXIR_VERSION": "1.16.3-otp-26", "ASDF_MY_TOOL_VERSION": "3", "ASDF_RUST_VERSION": "path:/opt/rust"}
	for name, value := range vars {
		if strings.HasPrefix(name, "ASDF_") && want[name] != value {
			t.Errorf("%s=%s", name, value)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("there is no %q", want)
	}
	if head := s.home + "/.asdf/shims:" + s.home + "/.asdf/bin:" + s.bin + ":"; !strings.HasPrefix(vars["PATH"], head) {
		t.Errorf("PATH=%s", vars["PATH"])
	}
	vars = s.toolEnv("ASDF_DATA_DIR=" + s.home + "/data")
	if head := s.home + "/data/shims:" + s.home + "/.asdf/bin:" + s.bin + ":"; !strings.HasPrefix(vars["PATH"], head) {
		t.Errorf("PATH=%s", vars["PATH"])
	}
	j := s.toolJob()
	s.writeHome("#!/bin/sh\necho mix shim \"$*\" >>\"$HOME/calls\"", "data", "shims", "mix")
	must(t, s.build(j, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"))
	s.wantCalls("asdf plugin list", "mix shim deps.compile --skip-local-deps")
}

func TestMiseSelectsByThePathAlone(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	s.manager("mise")
	s.installed("erlang@26.2.5", "elixir@1.16.3-otp-26", "my-tool@3")
	path := func(tool ...string) (dirs string) {
		for _, dir := range tool {
			dirs += filepath.Join(s.home, "installs", strings.Replace(dir, "@", "/", 1)) + ":"
		}
		return dirs + s.bin + ":"
	}
	all := path("rust@path:/opt/rust/bin", "rust@path:/opt/rust/more", "my-tool@3/bin", "my-tool@3/more",
		"elixir@1.16.3-otp-26/bin", "elixir@1.16.3-otp-26/more", "erlang@26.2.5/bin", "erlang@26.2.5/more")
	if got := s.toolEnv()["PATH"]; !strings.HasPrefix(got, all) {
		t.Errorf("PATH=%s", got)
	}
	bins := path("rust@path:/opt/rust/bin", "my-tool@3/bin", "elixir@1.16.3-otp-26/bin", "erlang@26.2.5/bin")
	for _, answer := range []string{
		"exit 2", // an older mise
		"exit 0", "echo; exit 0", "echo nothing; exit 0", `echo "$at/more"; echo; echo "$at/more"; exit 0`, "echo /; exit 0", "echo /somewhere; exit 1",
	} {
		s.writeHome(answer, "on.bin-paths")
		if got := s.toolEnv()["PATH"]; !strings.HasPrefix(got, bins) {
			t.Errorf("bin-paths with %q: PATH=%s", answer, got)
		}
	}
	if s.readHome("stdin") != "" {
		t.Errorf("mise has read %q", s.readHome("stdin"))
	}
}

// No directory of the system may come before the pinned tools, whatever a
// manager answers.
func TestAPinnedToolThatIsNotFoundEndsTheBuild(t *testing.T) {
	t.Parallel()
	const run = ": run 'mise install zig@1' on the build server as "
	for name, c := range map[string]struct{ manager, tool, version, where, reason string }{
		"not installed":      {"mise", "zig", "1", "", "web/.tool-versions:2 pins zig 1, and mise does not know where that is" + run},
		"an empty line":      {"mise", "zig", "1", "echo; exit 0", "mise does not know where that is" + run},
		"the root":           {"mise", "zig", "1", "echo /; exit 0", "mise does not know where that is" + run},
		"no path":            {"mise", "zig", "1", "echo zig; exit 0", "mise does not know where that is" + run},
		"a path, and fails":  {"mise", "zig", "1", "echo /usr; exit 1", "mise does not know where that is" + run},
		"no such directory":  {"mise", "zig", "path:/nowhere", "", "web/.tool-versions:2 pins zig to /nowhere, which is no directory on the build server"},
		"asdf, no plugin":    {"asdf", "zig", "path:/opt/zig", "", "web/.tool-versions:2 pins zig path:/opt/zig, and asdf has no plugin for zig: run 'asdf plugin add zig' on the build server as "},
		"asdf, another tool": {"asdf", "zig-bin", "1", "", "web/.tool-versions:2 pins zig-bin 1, and asdf has no plugin for zig-bin: run "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, nil)
			s.manager(c.manager)
			s.writeHome("my-zig\nzig-bin-2\nrust\n", "plugins")
			if c.where != "" {
				s.writeHome(c.where, "on.where")
			}
			j := job
			j.Tools = []Pin{{c.tool, c.version, "web/.tool-versions:2"}}
			wantReason(t, s.build(j, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"), c.reason)
			if calls := s.readHome("calls"); strings.Contains(calls, "mix ") {
				t.Errorf("it went on to\n%s", calls)
			}
		})
	}
}

func TestWithoutAManagerOrPinsThePathCounts(t *testing.T) {
	t.Parallel()
	s := pinnedSite(t)
	for range 2 {
		if got := s.toolEnv()["PATH"]; !strings.HasPrefix(got, s.bin+":") {
			t.Errorf("PATH=%s", got)
		}
		s.manager("asdf")
		must(t, os.RemoveAll(s.project(".tool-versions")))
		s.wantCalls("mix deps.compile --skip-local-deps")
	}
	if _, manager, err := tools(t, s); err != nil || manager != "asdf" {
		t.Errorf("%q, %v", manager, err)
	}
	s.wantCalls()
}

func TestMissingToolsAreNamed(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	for _, name := range strings.Fields("sh sed tr id uname getconf awk dirname grep head sha256sum cut cat") {
		file, err := exec.LookPath(name)
		must(t, err)
		must(t, os.Symlink(file, filepath.Join(s.bin, name)))
	}
	s.env = append(s.env, "PATH="+s.bin)
	_, _, err := tools(t, s)
	must(t, err)
	must(t, os.Remove(filepath.Join(s.bin, "erl")))
	_, _, err = tools(t, s)
	wantReason(t, err, "erl is not on the PATH of ")
	must(t, os.Remove(filepath.Join(s.bin, "mix")))
	_, _, err = tools(t, s)
	wantReason(t, err, "mix is not on the PATH of ")
	must(t, os.Rename(s.project("mix.exs"), s.project("rebar.config")))
	_, _, err = tools(t, s)
	wantReason(t, err, "rebar3 is not on the PATH of ")
}

func TestToolsAreAskedByTheirOwnNames(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{".tool-versions": "golang 1\nrust 2\npython 3\nnode 4\nother 5\nabsent 6\nkubectl 7"})
	s.command("go", `[ "$1" = version ] && echo "go version go1.1"; cat`)
	s.command("rustc", `[ "$1" = --version ] && echo rustc 2`)
	s.command("python3", `echo Python three >&2; echo have=forged 1 >&3`)
	s.command("node", "echo v4; echo more")
	s.command("kubectl", `[ "$1" = version ] && echo "Client Version: v1.2.3" || { echo unknown flag; exit 1; }`)
	s.command("other", "exit 1")
	got, err := s.build(job, nil).Tools(t.Context())
	must(t, err)
	for tool, want := range map[string]string{"golang": "go version go1.1", "rust": "rustc 2", "node": "v4 more", "other": "", "python": "Python three", "kubectl": "Client Version: v1.2.3"} {
		if have, ok := got.Have[tool]; !strings.HasPrefix(have, want) || !ok {
			t.Errorf("%s: %q", tool, have)
		}
	}
	if _, ok := got.Have["absent"]; ok || got.Have["forged"] != "" {
		t.Errorf("%q", got.Have)
	}
}
