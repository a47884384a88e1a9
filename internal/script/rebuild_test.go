package script

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scriptedMix makes mix a script for elixir, as it is unless a manager is in
// front of it. The site's elixir runs it, and answers at its end if asked to.
func (s *site) scriptedMix() {
	s.t.Helper()
	body := s.readHome("..", "bin", "mix")
	s.writeHome(strings.ReplaceAll(body, "$$", "self"), "mix.sh")
	s.command("mix", "") // elixir does not read it
	must(s.t, os.WriteFile(filepath.Join(s.bin, "mix"), []byte("#!/usr/bin/env elixir\n"), 0o755))
	s.writeHome("mix_app=apxr_io\n", "answers")
	s.command("elixir", `answer() { printf '%s\n' 'have=erlang 26.2.5' 'have=elixir 1.16.3' "$(cat "$HOME/answers")" "lock=$PWD/mix.lock" "deps=$PWD/deps" "build=$PWD/_build" >"$SLIPWAY_ANSWER"; }
		case $1 in
		-e) [ "${3-}" = -S ] || { echo questions >>"$HOME/vms"; answer && exit; }
			shift 4; echo "$1" >>"$HOME/vms"; (unset SLIPWAY_ANSWER; sh "$HOME/mix.sh" "$@") && answer ;;
		*) shift; echo "$1" >>"$HOME/vms"; exec sh "$HOME/mix.sh" "$@" ;;
		esac`)
}

// rebuild runs the steps of a build after the checkout, as package build does.
func (s *site) rebuild(j Job) (Project, Kept, error) {
	s.t.Helper()
	j.Token = ours
	must(s.t, os.MkdirAll(filepath.Join(s.home, PartialArtifactDir(app, j.ID)), 0o755))
	var log strings.Builder
	b := s.build(j, &log)
	_, err := b.Tools(s.t.Context())
	must(s.t, err)
	p, err := b.Project(s.t.Context())
	must(s.t, err)
	key := fmt.Sprintf("%x", sha256.Sum256([]byte(p.MixLock+p.MixFiles+p.Config)))
	kept, err := b.FetchDeps(s.t.Context(), Fetching{Paths: p.Paths, Key: key, Hex: p.Hex, Rebar: p.Rebar})
	must(s.t, err)
	if kept == KeptNothing {
		must(s.t, b.CompileDeps(s.t.Context(), p.Paths, "1.16.3"))
	}
	_, err = b.Assemble(s.t.Context(), Assembling{Release: "apxr_io", Paths: p.Paths, Key: key, Remembered: p.Remembered})
	if err == nil {
		err = b.Publish(s.t.Context())
	}
	if err != nil {
		s.t.Logf("the log:\n%s", &log)
	}
	return p, kept, err
}

// hexProject returns a site whose project has a dependency from Hex that rebar compiles.
func hexProject(t *testing.T) *site {
	s := builder(t, map[string]string{
		"mix.lock": `"x": {:hex, :x}`, "lib/a.ex": "1", "lib/b.txt": "1", ".gitignore": "_build\ndeps\n", "mix.exs": "version: \"0.1.0\",\n",
	})
	s.scriptedMix()
	s.writeHome("mix_app=apxr_io\nhex=yes\nrebar=yes\n", "answers")
	s.on("deps.get", "mkdir -p deps/x && : >deps/x/rebar.config")
	s.on("release", "mkdir -p _build/prod/lib/own _build/prod/lib/x")
	return s
}

// vms returns what virtual machines were started for since the last time.
func (s *site) vms() (tasks []string) {
	s.t.Helper()
	tasks = strings.Fields(s.readHome("vms"))
	must(s.t, os.RemoveAll(filepath.Join(s.home, "vms")))
	return tasks
}

func (s *site) wantVMs(want ...string) {
	s.t.Helper()
	if got := s.vms(); !slices.Equal(got, want) {
		s.t.Errorf("virtual machines started for %q, want %q", got, want)
	}
}

func (s *site) nextJob(n int) Job {
	j := job
	j.ID = r1
	for range n {
		j.ID = j.ID.Next()
	}
	return j
}

func TestAnUnchangedProjectIsBuiltInOneVM(t *testing.T) {
	t.Parallel()
	s := hexProject(t)
	_, _, err := s.rebuild(s.nextJob(0))
	must(t, err)
	s.wantVMs("questions", "deps.get", "deps.compile", "release")
	for n, change := range []string{"", "true", "echo 2 >lib/a.ex", "echo 2 >lib/b.txt", "mkdir priv; echo 2 >priv/x"} {
		if change != "" {
			s.changed(change)
		}
		p, kept, err := s.rebuild(s.nextJob(n + 1))
		must(t, err)
		if !p.Remembered || (change == "") != (kept == KeptAll) || p.Have["elixir"] != "1.16.3" || !p.Hex {
			t.Errorf("%s: kept %s, %+v", change, kept, p)
		}
		s.wantVMs("release")
	}
}

// changed commits a change of the project.
func (s *site) changed(change string) {
	s.t.Helper()
	must(s.t, (local{}).Exec(s.t.Context(), "cd '"+s.project()+"' && "+change, strings.NewReader(""), io.Discard, io.Discard))
	s.commit()
}

func TestWhateverAnswersMayDependOnIsAskedAnew(t *testing.T) {
	t.Parallel()
	s := hexProject(t)
	_, _, err := s.rebuild(s.nextJob(0))
	must(t, err)
	s.vms()
	for n, c := range []struct {
		change, env string
		clean       bool
		want        []string
	}{
		{"echo 2 >mix.exs", "", false, []string{"questions", "deps.get", "deps.compile", "release"}},
		{"sed -i s/2/3/ mix.exs; echo 2 >VERSION", "", false, []string{"questions", "deps.get", "deps.compile", "release"}},
		{"echo 3 >VERSION", "", false, []string{"questions", "release"}},
		{"echo 'version: \"2\",' >>mix.exs", "", false, []string{"questions", "release"}},
		{"touch -d 2020-01-01 '" + s.bin + "/erl'", "", false, []string{"questions", "release"}},
		{"true", "value", false, []string{"questions", "release"}},
		{"true", "value", false, []string{"release"}},
		{"true", "value", true, []string{"questions", "deps.get", "deps.compile", "release"}},
		{"mkdir -p src/app; echo 1 >src/app/mix.exs", "value", false, []string{"questions", "deps.get", "deps.compile", "release"}},
		{"mkdir test; echo 1 >test/a_test.exs", "value", false, []string{"release"}},
		{"mkdir config; echo 1 >config/config.exs", "value", false, []string{"questions", "release"}},
		{"echo config=2 >>'" + s.home + "/answers'; echo 2 >config/config.exs", "value", false, []string{"questions", "deps.get", "deps.compile", "release"}},
	} {
		s.changed(c.change)
		j := s.nextJob(n + 1)
		j.Env, j.Clean = []Variable{{"A", c.env}}, c.clean
		p, _, err := s.rebuild(j)
		must(t, err)
		if got := s.vms(); !slices.Equal(got, c.want) || p.Remembered != (len(c.want) == 1) {
			t.Errorf("%d %s: virtual machines for %q, want %q", n, c.change, got, c.want)
		}
	}
}

// What the configuration reads from lib, say, is in no file that the answers are remembered
// for.
func TestAReleaseOnOtherAnswersIsRefusedAndTheProjectIsAskedFromThenOn(t *testing.T) {
	t.Parallel()
	s := hexProject(t)
	_, _, err := s.rebuild(s.nextJob(0))
	must(t, err)
	s.writeHome("mix_app=apxr_io\nhex=yes\nrebar=yes\nconfig=other\n", "answers")
	if _, _, err = s.rebuild(s.nextJob(1)); !errors.Is(err, ErrOtherAnswers) {
		t.Fatal(err)
	}
	s.vms()
	for n, c := range []struct {
		clean bool
		want  []string
	}{
		{false, []string{"questions", "deps.get", "deps.compile", "release"}},
		{false, []string{"questions", "release"}},
		{true, []string{"questions", "deps.get", "deps.compile", "release"}},
		{false, []string{"release"}},
	} {
		s.changed("true")
		j := s.nextJob(n + 1)
		j.Clean = c.clean
		p, _, err := s.rebuild(j)
		must(t, err)
		if p.Config != "other" || p.Remembered != (len(c.want) == 1) {
			t.Errorf("%d: %+v", n, p)
		}
		s.wantVMs(c.want...)
	}
}

func TestAProjectThatAnswersOtherwiseEachTimeIsAskedEachTime(t *testing.T) {
	t.Parallel()
	s := hexProject(t)
	s.on("release", `mkdir -p _build/prod/lib/x; echo "mix_app=$last" >"$HOME/answers"`)
	for n := range 3 {
		if p, _, err := s.rebuild(s.nextJob(n)); err != nil || p.Remembered {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestAFailedReleaseForgetsTheAnswers(t *testing.T) {
	t.Parallel()
	s := hexProject(t)
	_, _, err := s.rebuild(s.nextJob(0))
	must(t, err)
	s.on("release", "exit 1")
	_, _, err = s.rebuild(s.nextJob(1))
	wantReason(t, err, "mix release failed")
	s.vms()
	s.on("release", "mkdir -p _build/prod/lib/x")
	_, _, err = s.rebuild(s.nextJob(1))
	must(t, err)
	s.wantVMs("questions", "release")
}

func TestAnswersAreNotRememberedWhereMixIsNoScriptForElixir(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(s *site, j *Job){
		"a script for sh in front": func(s *site, _ *Job) {
			s.command("mix", `exec elixir "$0" "$@"`)
		},
		"another PATH": func(s *site, j *Job) { j.Env = []Variable{{"PATH", s.bin + ":" + system}} },
		"Distillery":   func(s *site, _ *Job) { s.changed("mkdir rel; echo x >rel/config.exs") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hexProject(t)
			j := job
			prepare(s, &j)
			for range 2 {
				p, _, err := s.rebuild(j)
				must(t, err)
				j.ID = j.ID.Next()
				if vms := s.vms(); p.Remembered || vms[0] != "questions" || vms[len(vms)-1] != "release" || s.exists(BuildDir(app), "answers") {
					t.Errorf("%q", vms)
				}
			}
		})
	}
}

// The programs that a build starts for each step and for each file.
func TestAnUnchangedBuildStartsFewPrograms(t *testing.T) {
	t.Parallel()
	for _, files := range []int{20, 20_000} {
		t.Run(fmt.Sprint(files), func(t *testing.T) {
			t.Parallel()
			s := hexProject(t)
			s.on("release", fmt.Sprintf(`mkdir -p _build/prod/lib/x "$last/priv" && cd "$last/priv" && i=0
				while [ $i -lt %d ]; do echo $i >$i; i=$((i + 1)); done
				for i in 1 2 3 4 5 6 7 8 9; do printf '\177ELF%%d' $i >$i; done`, files))
			s.countPrograms()
			_, _, err := s.rebuild(s.nextJob(0))
			must(t, err)
			if got := s.programs(); got["readelf"] != 10 {
				t.Errorf("the first build starts %v", got)
			}
			_, _, err = s.rebuild(s.nextJob(1))
			must(t, err)
			got, all := s.programs(), 0
			for _, n := range got {
				all += n
			}
			if all > 90 || got["readelf"] > 0 || got["sha256sum"] > 6 {
				t.Errorf("an unchanged build starts %d programs: %v", all, got)
			}
		})
	}
}

// countPrograms puts a counter in front of every program of the system.
func (s *site) countPrograms() {
	s.t.Helper()
	list, err := os.ReadDir(system)
	must(s.t, err)
	for _, program := range list {
		if name := program.Name(); name != "sh" && !s.exists("..", "bin", name) {
			s.command(name, fmt.Sprintf(`echo %s >>"$HOME/programs"; exec '%s/%s' "$@"`, name, system, name))
		}
	}
}

// programs returns how often each program was started since the last time.
func (s *site) programs() map[string]int {
	s.t.Helper()
	started := map[string]int{}
	for name := range strings.Lines(s.readHome("programs")) {
		started[strings.TrimSpace(name)]++
	}
	must(s.t, os.RemoveAll(filepath.Join(s.home, "programs")))
	return started
}
