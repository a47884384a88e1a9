package script

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gitEnv hides the git configuration of the developer's machine.
var gitEnv = []string{
	"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_AUTHOR_NAME=dev", "GIT_AUTHOR_EMAIL=dev@x", "GIT_COMMITTER_NAME=dev", "GIT_COMMITTER_EMAIL=dev@x",
}

func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "init.defaultBranch=main", "-c", "core.fsync=none", "-c", "maintenance.auto=false", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Env = append(os.Environ(), gitEnv...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// builder returns a site with a checkout that is a git repository. Its mix runs
// $HOME/on.TASK and makes small releases.
func builder(t *testing.T, files map[string]string) *site {
	t.Helper()
	s := checkout(t, files)
	if _, ok := files["mix.exs"]; !ok {
		s.writeHome("", BuildDir(app), "checkout", "mix.exs")
	}
	s.command("ssh", "exit 255")
	s.command("elixir", `echo "elixir $*" >>"$HOME/calls"
		[ ! -e "$HOME/on.elixir" ] || . "$HOME/on.elixir"
		case $2 in
		*SLIPWAY_ANSWER*) printf '%s\n' 'have=erlang 26.2.5' 'have=elixir 1.16.3' mix_app=apxr_io "lock=$PWD/mix.lock" "deps=$PWD/deps" "build=$PWD/_build" >"$SLIPWAY_ANSWER" ;;
		*System.version*) printf 1.16.3 ;;
		esac`)
	s.command("mix", `echo "mix $*" >>"$HOME/calls"
		cat /proc/$$/environ >"$HOME/environ.$1"
		for last; do :; done
		case $1 in
		release) tree=$last && name=apxr_io; . "$HOME/make" ;;
		esac
		[ ! -e "$HOME/on.$1" ] || . "$HOME/on.$1"`)
	s.writeHome(`mkdir -p "$tree/bin" "$tree/releases" "$tree/erts-14.2.5" && echo "14.2.5 0.2.0" >"$tree/releases/start_erl.data" &&
		echo start >"$tree/bin/$name" && chmod 755 "$tree/bin/$name"`, "make")
	must(t, os.MkdirAll(filepath.Join(s.home, PartialArtifactDir(app, r1)), 0o755))
	s.initialise()
	return s
}

func (s *site) project(parts ...string) string {
	return filepath.Join(append([]string{s.home, BuildDir(app), "checkout"}, parts...)...)
}

var making sync.Mutex

// initialise makes the checkout a git repository with one commit. Sites with
// the same files get copies of the same repository.
func (s *site) initialise() {
	s.t.Helper()
	sum := sha256.New()
	must(s.t, filepath.WalkDir(s.project(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%s %q ", strings.TrimPrefix(path, s.project()), text)
		return err
	}))
	made := filepath.Join(repositories, hex.EncodeToString(sum.Sum(nil)))
	making.Lock()
	defer making.Unlock()
	if _, err := os.Stat(made); err == nil {
		must(s.t, os.CopyFS(s.project(".git"), os.DirFS(made)))
		return
	}
	runGit(s.t, s.project(), "init", "--quiet", "--template=")
	s.commit()
	must(s.t, os.CopyFS(made, os.DirFS(s.project(".git"))))
}

func (s *site) commit() {
	s.t.Helper()
	runGit(s.t, s.project(), "add", "--all", "--force")
	runGit(s.t, s.project(), "commit", "--quiet", "--allow-empty", "--message=x")
}

// head returns the commit that is checked out in dir.
func head(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ".git", "HEAD"))
	must(t, err)
	if ref, ok := strings.CutPrefix(string(text), "ref: "); ok {
		text, err = os.ReadFile(filepath.Join(dir, ".git", strings.TrimSpace(ref)))
		must(t, err)
	}
	return strings.TrimSpace(string(text))
}

// on sets what mix does in a task, or what elixir does, besides recording the
// call.
func (s *site) on(task, body string) { s.writeHome(body+"\n", "on."+task) }

// calls returns the calls of tools since the last time.
func (s *site) calls() []string {
	s.t.Helper()
	text := s.readHome("calls")
	must(s.t, os.RemoveAll(filepath.Join(s.home, "calls")))
	var calls []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "mix ") || strings.HasPrefix(line, "asdf ") || strings.HasPrefix(line, "mise ") {
			calls = append(calls, strings.TrimSpace(line))
		}
	}
	return calls
}

func (s *site) wantCalls(want ...string) {
	s.t.Helper()
	if got := s.calls(); !slices.Equal(got, want) {
		s.t.Errorf("calls\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (s *site) exists(parts ...string) bool {
	_, err := os.Lstat(filepath.Join(append([]string{s.home}, parts...)...))
	return err == nil
}

func fetchDeps(t *testing.T, s *site) (log string, err error) {
	t.Helper()
	var said strings.Builder
	_, err = s.build(job, &said).FetchDeps(t.Context(), Fetching{Paths: pathsOf(job), Key: "k"})
	return said.String(), err
}

func TestWhatIsFetchedDependsOnTheLockAndTheDependencies(t *testing.T) {
	t.Parallel()
	const lock = `"x": {:hex, :x}`
	for name, c := range map[string]struct {
		files map[string]string
		fetch string
		has   string // output of elixir and mix about Hex and rebar
		calls []string
	}{
		"nothing":                  {nil, "", "exit 1", []string{"mix deps.get --only prod"}},
		"hex":                      {map[string]string{"mix.lock": lock}, "", "exit 1", []string{"mix help hex", "mix local.hex --force", "mix deps.get --only prod"}},
		"hex that is there":        {map[string]string{"mix.lock": lock}, "", "exit 0", []string{"mix help hex", "mix deps.get --only prod"}},
		"git alone":                {map[string]string{"mix.lock": `"x": {:git, "u", "r", []}`}, "", "exit 1", []string{"mix deps.get --only prod"}},
		"rebar":                    {nil, "mkdir -p deps/a deps/x; : >deps/a/mix.exs; : >deps/x/rebar.config", "exit 1", []string{"mix deps.get --only prod", "mix local.rebar --force"}},
		"rebar that is there":      {nil, "mkdir -p deps/x; : >deps/x/rebar.config", "exit 0", []string{"mix deps.get --only prod"}},
		"mix where there is rebar": {nil, "mkdir -p deps/x; : >deps/x/rebar.config; : >deps/x/mix.exs", "exit 1", []string{"mix deps.get --only prod"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, c.files)
			s.command("rebar3", "exit 1") // a shim
			s.on("deps.get", c.fetch)
			s.on("help", c.has)
			_, err := s.build(job, nil).FetchDeps(t.Context(), Fetching{Paths: pathsOf(job), Key: "k", Rebar: c.has == "exit 0"})
			must(t, err)
			s.wantCalls(c.calls...)
			vars := environ(t, s.readHome("environ.deps.get"))
			if vars["MIX_ENV"] != "prod" || vars["SLIPWAY_BUILD"] != s.home+"/slipway/apxr/apxr_io" || vars["GIT_SSH_COMMAND"] == "" {
				t.Errorf("mix deps.get has %q", vars)
			}
		})
	}
}

func TestTheRebarOfThePathIsTaken(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	s.on("deps.get", "mkdir -p deps/x; : >deps/x/rebar.config")
	at := filepath.Join(s.bin, "rebar3")
	must(t, os.WriteFile(at, []byte("#!/usr/bin/env escript\n%% Rebar3\n"), 0o755))
	_, err := s.build(job, nil).FetchDeps(t.Context(), Fetching{Paths: pathsOf(job), Key: "k"})
	must(t, err)
	s.wantCalls("mix deps.get --only prod", "mix local.rebar rebar3 "+at+" --force")
}

func TestWhyDependenciesAreNotFetched(t *testing.T) {
	t.Parallel()
	const lock = "\"x\": {:hex, :x, \"1.0\"}\n"
	const differs = "mix.lock does not match mix.exs (see the difference above): run 'mix deps.get', commit mix.lock, and build that commit"
	locked := map[string]string{"mix.lock": lock}
	for name, c := range map[string]struct {
		files        map[string]string
		task, body   string
		reason, says string
	}{
		"changes the lock":           {locked, "deps.get", "echo changed >>mix.lock", differs, "\n+changed\n"},
		"changes the lock and fails": {locked, "deps.get", "echo changed >>mix.lock; exit 1", differs, "\n+changed\n"},
		"removes the lock":           {locked, "deps.get", "rm mix.lock", differs, "mix.lock: No such file"},
		"makes a lock":               {nil, "deps.get", "echo made >mix.lock", "the commit has dependencies and no mix.lock: commit the one that 'mix deps.get' makes", "made\n"},
		"makes a lock and fails":     {nil, "deps.get", "echo made >mix.lock; exit 1", "the commit has dependencies and no mix.lock", "made\n"},
		"fails":                      {locked, "deps.get", "echo no such package; exit 1", "mix deps.get failed: see the lines above", "no such package\n"},
		"no hex":                     {locked, "local.hex", "echo no net; exit 1", "Hex is missing and cannot be installed: see the lines above", "no net\n"},
		"no rebar":                   {map[string]string{"deps/x/rebar.config": "", "mix.exs": ""}, "local.rebar", "echo no net; exit 1", "rebar is missing and cannot be installed: see the lines above", "no net\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, c.files)
			s.on("help", "exit 1")
			s.on("elixir", "exit 1")
			s.on(c.task, c.body)
			log, err := fetchDeps(t, s)
			wantReason(t, err, c.reason)
			if !strings.Contains(log, c.says) {
				t.Errorf("the log does not say %q:\n%s", c.says, log)
			}
			if c.task == "local.hex" {
				s.wantCalls("mix help hex", "mix local.hex --force")
			}
		})
	}
}

// Only the commands that fetch get the address of the agent.
func TestTheAgentIsForGitAlone(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{"mix.lock": `"x": {:hex, :x}`})
	s.env = append(s.env, "SSH_AUTH_SOCK=/run/agent")
	s.on("deps.get", "mkdir -p deps/x; : >deps/x/rebar.config")
	s.on("elixir", `case $2 in *SLIPWAY_ANSWER*) cat /proc/$$/environ >"$HOME/environ.elixir" ;; *) exit 1 ;; esac`)
	s.on("help", "exit 1")
	_, err := s.build(job, nil).Project(t.Context())
	must(t, err)
	_, err = fetchDeps(t, s)
	must(t, err)
	must(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"))
	_, err = assemble(t, s, Assembling{})
	must(t, err)
	for task, want := range map[string]string{"elixir": "", "local.hex": "", "deps.get": "/run/agent", "local.rebar": "", "deps.compile": "", "release": ""} {
		vars := environ(t, s.readHome("environ."+task))
		if got := vars["SSH_AUTH_SOCK"]; got != want {
			t.Errorf("%s has the agent %q", task, got)
		}
		if _, ok := vars["GIT_SSH_COMMAND"]; ok != (want != "") {
			t.Errorf("%s: credentials for git: %v", task, ok)
		}
		if vars["SLIPWAY_BUILD"] != s.home+"/slipway/apxr/apxr_io" || vars["MIX_ENV"] != "prod" {
			t.Errorf("%s has %q", task, vars)
		}
	}
}

func TestADependencyThatDoesNotCompile(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	must(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"))
	s.wantCalls("mix deps.compile --skip-local-deps")
	// It is kept for other commits.
	vars := environ(t, s.readHome("environ.deps.compile"))
	if vars["SLIPWAY_COMMIT"] != "" || vars["GIT_CEILING_DIRECTORIES"] != s.project() {
		t.Errorf("a dependency may learn the commit: %q", vars)
	}
	// An older one compiles the project's own applications, too.
	must(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.10.4"))
	s.wantCalls("mix deps.compile")
	vars = environ(t, s.readHome("environ.deps.compile"))
	if vars["SLIPWAY_COMMIT"] != head(t, s.project()) || vars["GIT_CEILING_DIRECTORIES"] != "" {
		t.Errorf("an application of the project does not learn the commit: %q", vars)
	}
	s.on("deps.compile", "exit 1")
	wantReason(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"), "a dependency does not compile: see the lines above")
}

// noMixFiles is the digest of a mix.exs without a line.
const noMixFiles = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// The answers are for dependencies: all that decides how they are compiled.
func TestAllMixFilesButTheirVersionsCount(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{"mix.exs": "version: \"1\",\n", "shared/mix.exs": "deps\n", "shared/lib/a.ex": "1", "premix.exs": "1"})
	ask := func() string {
		t.Helper()
		p, err := s.build(job, nil).Project(t.Context())
		must(t, err)
		return p.MixFiles
	}
	last := ask()
	for _, c := range []struct {
		change string
		same   bool
	}{
		{`sed -i s/1/2/ mix.exs`, true},
		{"echo 2 >shared/lib/a.ex; echo 2 >premix.exs", true},
		{`echo '  @version "2"' >>shared/mix.exs`, true},
		{"echo 2 >>shared/mix.exs", false},
		{"mkdir -p apps/x; git mv shared/mix.exs apps/x/", false},
		{"git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),vendored", false},
	} {
		must(t, (local{}).Exec(t.Context(), "cd '"+s.project()+"' && "+c.change, strings.NewReader(""), nil, nil))
		if strings.Contains(c.change, "160000") {
			runGit(t, s.project(), "commit", "--quiet", "--message=x")
		} else {
			s.commit()
		}
		if got := ask(); (got == last) != c.same {
			t.Errorf("after %s it is the same: %v", c.change, !c.same)
		} else {
			last = got
		}
	}
}

func TestWhatAProjectSaysOfItself(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	s.on("elixir", `echo noise; echo "mix_app=forged"
		printf 'have=erlang 26.2.5\nhave=elixir 1.16.3\nmix_app=apxr_io\nelixir=1.16.3\numbrella=yes\nerror=boom\ndefault_release=b\nrelease=a\nrelease=b\nconfig=c0ffee\nnoise\n revision=x\n' >"$SLIPWAY_ANSWER"; printf '%s\n' "lock=$PWD/mix.lock" "deps=$PWD/deps" "build=$PWD/_build" >>"$SLIPWAY_ANSWER"; exit`)
	j := job
	j.Env = []Variable{{"A", "given"}}
	got, err := s.build(j, nil).Project(t.Context())
	must(t, err)
	has := map[string]string{"erlang": "26.2.5", "elixir": "1.16.3"}
	want := Project{Have: has, App: "apxr_io", Elixir: "1.16.3", Umbrella: true, Releases: []string{"a", "b"}, DefaultRelease: "b", Config: "c0ffee", MixFiles: noMixFiles, Paths: pathsOf(job)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	s.on("elixir", `[ "$A" = given ] && [ "$MIX_ENV" = prod ] || exit 1; printf '%s\n' 'have=erlang 26.2.5' 'have=elixir 1.16.3' mix_app=x "lock=$PWD/mix.lock" "deps=$PWD/deps" "build=$PWD/_build" >"$SLIPWAY_ANSWER"; exit`)
	for text, want := range map[string]Project{
		"use Mix.Releases.Config\nrelease :one do\n  release :two do\nend\n# release :three do\n": {Have: has, App: "x", Distillery: true, DistilleryReleases: []string{"one", "two"}, MixFiles: noMixFiles, Paths: pathsOf(job)},
		"import Config\nrelease :one do\n": {Have: has, App: "x", MixFiles: noMixFiles, Paths: pathsOf(job)},
	} {
		s.writeHome(text, BuildDir(app), "checkout", "rel", "config.exs")
		if got, err = s.build(j, nil).Project(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	s.on("elixir", `echo '** (CompileError)'; echo 'have=elixir 1.16.3' >"$SLIPWAY_ANSWER"; exit 1`)
	got, err = s.build(j, nil).Project(t.Context())
	wantReason(t, err, "mix.exs cannot be loaded: see the lines above")
	if got.Have["elixir"] != "1.16.3" {
		t.Errorf("with what it failed is not said: %+v", got)
	}
	s.on("elixir", `echo 'have=elixir 1.16.3' >"$SLIPWAY_ANSWER"; exit`)
	_, err = s.build(j, nil).Project(t.Context())
	wantReason(t, err, "mix.exs or the configuration ends Elixir while it is read")
	s.on("elixir", "exit 1")
	_, err = s.build(j, nil).Project(t.Context())
	wantReason(t, err, "Elixir does not start: see the lines above")
}

func assemble(t *testing.T, s *site, a Assembling, env ...Variable) (log string, err error) {
	t.Helper()
	var said strings.Builder
	if a.Release == "" {
		a.Release = "apxr_io"
	}
	if a.Key == "" {
		a.Key = "k"
	}
	j := job
	a.Paths = pathsOf(j)
	j.Env = env
	made, err := s.build(j, &said).Assemble(t.Context(), a)
	if err == nil && (made.Version != "0.2.0" || made.ERTS != "14.2.5" || len(made.Files) == 0) {
		t.Errorf("%+v", made)
	}
	return said.String(), err
}

func (s *site) release(parts ...string) string {
	return filepath.Join(append([]string{PartialArtifactDir(app, r1), "tree"}, parts...)...)
}

func TestAReleaseOfMixGoesStraightIntoItsTree(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	s.on("release", `: >"$last/apxr_io-0.2.0.tar.gz"; mkdir "$last/lib"; : >"$last/lib/kept.tar.gz"; : >"$last/apxr_io-assets.tar.gz"`)
	_, err := assemble(t, s, Assembling{Named: true})
	must(t, err)
	s.wantCalls("mix release apxr_io --quiet --overwrite --path " + filepath.Join(s.home, s.release()))
	if s.exists(s.release("apxr_io-0.2.0.tar.gz")) || !s.exists(s.release("lib", "kept.tar.gz")) || !s.exists(s.release("apxr_io-assets.tar.gz")) {
		t.Error("the tarball of the project is in the tree, or what is no tarball of it is not")
	}
	_, err = assemble(t, s, Assembling{})
	must(t, err)
	s.wantCalls("mix release --quiet --overwrite --path " + filepath.Join(s.home, s.release()))
}

// On a host the application is in the group of its files, and owns none of them.
func TestTheApplicationCanReadAndRunWhatTheOwnerCan(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	modes := map[string][2]uint32{ // as they are made, and as the release has them
		"0600": {0o600, 0o640}, "0400": {0o400, 0o440}, "0700": {0o700, 0o750}, "0640": {0o640, 0o640}, "0755": {0o755, 0o755}, "0710": {0o710, 0o750},
		"0444": {0o444, 0o444}, "0666": {0o666, 0o666}, "a b 0500": {0o500, 0o550},
	}
	body := "mkdir \"$last/priv\"\n"
	for name, mode := range modes {
		body += fmt.Sprintf(": >\"$last/priv/%s\"; chmod %o \"$last/priv/%s\"\n", name, mode[0], name)
	}
	s.on("release", body)
	var log strings.Builder
	made, err := s.build(job, &log).Assemble(t.Context(), Assembling{Release: "apxr_io", Paths: pathsOf(job), Key: "k"})
	must(t, err)
	for _, f := range made.Files {
		if name, ok := strings.CutPrefix(f.Path, "priv/"); ok && f.Mode != modes[name][1] {
			t.Errorf("%s has the mode %o", name, f.Mode)
		}
	}
	if want := "the application can read or run what only the owner could: files: 5, such as priv/"; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %q:\n%s", want, &log)
	}
}

func TestCommandsBeforeARelease(t *testing.T) {
	t.Parallel()
	s := builder(t, map[string]string{"apps/web/mix.exs": ""})
	const before = `cat /proc/$$/environ >"$HOME/environ.before"
set >"$HOME/set.before"
pwd >"$HOME/pwd"
cat >"$HOME/stdin.before"
printf '%s' 'quotes "and" $HOME \n' >"$HOME/text"
[ "$GIVEN" = "a value" ]
mix assets.deploy`
	_, err := assemble(t, s, Assembling{Before: before}, Variable{"GIVEN", "a value"}, Variable{"before", "x"})
	must(t, err)
	s.wantCalls("mix assets.deploy", "mix release --quiet --overwrite --path "+filepath.Join(s.home, s.release()))
	if got := s.readHome("text"); got != `quotes "and" $HOME \n` {
		t.Errorf("%q", got)
	}
	if got := strings.TrimSpace(s.readHome("pwd")); got != s.project() {
		t.Errorf("they run in %s", got)
	}
	vars := environ(t, s.readHome("environ.before"))
	if vars["SLIPWAY_COMMIT"] != head(t, s.project()) || environ(t, s.readHome("environ.release"))["SLIPWAY_COMMIT"] != vars["SLIPWAY_COMMIT"] {
		t.Errorf("the commit is %q", vars["SLIPWAY_COMMIT"])
	}
	if vars["MIX_ENV"] != "prod" || vars["GIVEN"] != "a value" || vars["before"] != "x" || vars["LC_ALL"] != "C.UTF-8" {
		t.Errorf("they have %q", vars)
	}
	for name := range vars {
		if strings.HasPrefix(name, "SLIPWAY_") && name != "SLIPWAY_BUILD" && name != "SLIPWAY_COMMIT" && name != "SLIPWAY_COMMANDS" { // set by the start of the script
			t.Errorf("they have %s", name)
		}
	}
	for line := range strings.Lines(s.readHome("set.before")) {
		name, value, _ := strings.Cut(line, "=")
		if slices.Contains([]string{"SLIPWAY_COMMANDS", "SLIPWAY_ENV", "app", "id", "root", "tree", "kind", "release", "scratch", "build_env", "key", "mix_env", "slipway_pair", "checkout", "named"}, name) {
			t.Errorf("they have a variable %s=%.40s", name, value)
		}
	}
	if got := environ(t, s.readHome("environ.release")); got["SLIPWAY_COMMANDS"] != "" {
		t.Error("mix release has the commands")
	}
}

func TestTheFirstErrorOfTheCommandsBeforeEndsThem(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"false\nmix never", "true && false\nmix never", "exit 3", "mix fails; mix never", "echo $(no-such-command)x\nno-such-command\nmix never", "if", "( exit 1 )\nmix never"} {
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			s := builder(t, nil)
			s.on("fails", "exit 1")
			_, err := assemble(t, s, Assembling{Before: before})
			wantReason(t, err, "a command of before-release failed: see the lines above")
			for _, call := range s.calls() {
				if call != "mix fails" {
					t.Errorf("it went on to %s", call)
				}
			}
		})
	}
}

func TestDistillerysTaskDependsOnItsAgeAndElixirs(t *testing.T) {
	t.Parallel()
	const makes = `for at in "$HOME"/%s; do mkdir -p "$at/x" && tree=$at/x name=apxr_io && . "$HOME/make" && tar -czf "$at/apxr_io.tar.gz" -C "$at/x" . && rm -rf "$at/x"; done`
	one := fmt.Sprintf(makes, BuildDir(app)+"/checkout/_build/prod/rel/apxr_io/releases/0.2.0")
	for name, c := range map[string]struct {
		elixir, help, task, makes string
		calls                     []string
		reason                    string
	}{
		"new":      {"1.16.3", "", "distillery.release", one, []string{"mix help distillery.release", "mix distillery.release --name=apxr_io"}, ""},
		"old":      {"1.8.2", "exit 1", "release", one, []string{"mix help distillery.release", "mix release --name=apxr_io"}, ""},
		"too old":  {"1.9.0", "exit 1", "release", one, []string{"mix help distillery.release"}, "this project's Distillery has no 'mix distillery.release', and in Elixir 1.9 'mix release' is mix's own"},
		"1.10":     {"1.10.4", "exit 1", "release", one, []string{"mix help distillery.release"}, "update Distillery to 2.1, or define releases in mix.exs"},
		"fails":    {"1.16.3", "", "distillery.release", "exit 1", nil, "mix distillery.release failed: see the lines above"},
		"old one":  {"1.8.2", "exit 1", "release", "exit 1", nil, "mix release failed: see the lines above"},
		"two":      {"1.16.3", "", "distillery.release", one + "\n" + strings.ReplaceAll(one, "0.2.0;", "0.1.0;"), nil, "mix distillery.release has left 2 tarballs of apxr_io in rel/apxr_io/releases, not one"},
		"nothing":  {"1.16.3", "", "distillery.release", "", nil, "mix distillery.release has left 0 tarballs of apxr_io in rel/apxr_io/releases, not one; with dev_mode it makes none"},
		"no gzip":  {"1.16.3", "", "distillery.release", `mkdir -p _build/prod/rel/apxr_io/releases/1; echo x >_build/prod/rel/apxr_io/releases/1/apxr_io.tar.gz`, nil, "cannot unpack "},
		"leftover": {"1.16.3", "", "distillery.release", one + `; mkdir -p _build/prod/rel/other/releases/1 && : >_build/prod/rel/other/releases/1/other.tar.gz`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, nil)
			s.on("elixir", "printf "+c.elixir+"; exit")
			s.on("help", c.help)
			s.command("mix", `echo "mix $*" >>"$HOME/calls"; [ ! -e "$HOME/on.$1" ] || . "$HOME/on.$1"`)
			s.on(c.task, c.makes)
			_, err := assemble(t, s, Assembling{Distillery: true, Named: true})
			if c.reason != "" {
				wantReason(t, err, c.reason)
			} else if must(t, err); s.readHome(s.release("bin", "apxr_io")) != "start\n" {
				t.Error("the tree is not what was in the tarball")
			}
			if c.calls != nil {
				s.wantCalls(c.calls...)
			}
		})
	}
}

func TestWhatIsNoReleaseIsRefused(t *testing.T) {
	t.Parallel()
	for body, reason := range map[string]string{
		`mv "$last/bin/apxr_io" "$last/bin/other"`: "the release has no bin/apxr_io: it holds other ",
		`chmod 644 "$last/bin/apxr_io"`:            "the release has no bin/apxr_io: it holds apxr_io ",
		`rm "$last/releases/start_erl.data"`:       "the release has no releases/start_erl.data",
		`rmdir "$last"/erts-*`:                     "the release has no ERTS: set 'include_erts: true' in mix.exs",
		`exit 1`:                                   "mix release failed: see the lines above",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			s := builder(t, nil)
			s.on("release", body)
			if strings.Contains(body, "chmod") {
				s.writeHome(strings.ReplaceAll(s.readHome("make"), "chmod 755", "chmod 644"), "make")
			}
			_, err := assemble(t, s, Assembling{})
			wantReason(t, err, reason)
		})
	}
}

func TestADistilleryReleaseWithoutERTSNamesItsOwnFile(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	s.on("distillery.release", `at=_build/prod/rel/apxr_io/releases/1; mkdir -p "$at/x"; tree=$at/x name=apxr_io; . "$HOME/make"; rmdir "$tree"/erts-*; tar -czf $at/apxr_io.tar.gz -C $at/x .`)
	_, err := assemble(t, s, Assembling{Distillery: true})
	wantReason(t, err, "the release has no ERTS: set 'include_erts: true' in rel/config.exs")
}
