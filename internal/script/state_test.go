package script

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keptState writes the state of a commit as a successful build leaves it: "own"
// is a library of the project, "lib" a fetched dependency.
func (s *site) keptState(key, commit string) {
	s.t.Helper()
	state := []string{BuildDir(app), "state", key}
	put := func(parts ...string) { s.writeHome("x", append(slices.Clone(state), parts...)...) }
	s.writeHome(commit+"\n", append(state, "revision")...)
	put("deps", "lib", "mix.exs")
	for _, lib := range []string{"lib", "own", "path_dep"} {
		put("build", "prod", "lib", lib, "ebin", "x.beam")
	}
	put("build", "prod", "rel", "apxr_io", "old")
	put("build", "prod", "apxr_io-0.1.0.tar.gz")
	put("build", "test", "lib", "own", "x.beam")
}

func (s *site) state(parts ...string) string {
	return filepath.Join(append([]string{BuildDir(app), "state"}, parts...)...)
}

// restore fetches the dependencies in a checkout with kept state.
func (s *site) restore(key string, clean bool) Kept {
	s.t.Helper()
	j := job
	j.Clean = clean
	return s.restoreFor(j, Fetching{Key: key})
}

func (s *site) restoreFor(j Job, f Fetching) Kept {
	s.t.Helper()
	var log strings.Builder
	f.Paths = pathsOf(j)
	kept, err := s.build(j, &log).FetchDeps(s.t.Context(), f)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, &log)
	}
	return kept
}

// wantRestored checks which parts of a state the checkout has.
func (s *site) wantRestored(kept Kept) {
	s.t.Helper()
	for name, want := range map[string]bool{
		"deps/lib/mix.exs": kept != KeptNothing, "_build/prod/lib/lib/ebin/x.beam": kept == KeptDeps || kept == KeptAll,
		"_build/prod/lib/own": kept == KeptAll, "_build/prod/lib/path_dep": kept == KeptAll,
		"_build/prod/rel": false, "_build/prod/apxr_io-0.1.0.tar.gz": false,
	} {
		if s.exists(BuildDir(app), "checkout", name) != want {
			s.t.Errorf("%s is there: %v", name, !want)
		}
	}
	if s.exists(BuildDir(app), "checkout.state") {
		s.t.Error("checkout.state is still there")
	}
}

// lastBuilt has the files of a project at the commit that was built last.
var lastBuilt = map[string]string{
	"lib/a.ex": "1", "lib/b.txt": "1", "config/config.exs": "1", "test/x.json": "1", "README.md": "1", ".gitignore": "_build\ndeps\n", "apps/a/test/t.exs": "1",
	"mix.exs": "version: \"0.1.0\",\n", "lib/page.eex": "1", "web/page.heex": "1", "apps/a/lib/x.leex": "1", "src/x.erl": "1", "lib/x.erl": "1", "lib/test/x.json": "1", "priv/test/x.json": "1", "priv/README.md": "1", "lib/x.md": "1", "lib/aex": "1",
}

// changes has what an incremental build reuses after each change of that project.
var changes = map[string]Kept{
	":":                    KeptAll,
	"echo 2 >lib/a.ex":     KeptAll,
	"echo 2 >lib/new.ex":   KeptDeps,
	"rm lib/a.ex":          KeptDeps,
	"mv lib/a.ex lib/c.ex": KeptDeps,
	"echo 2 >test/x.json":  KeptAll,
	"echo 2 >README.md":    KeptAll,
	"rm apps/a/test/t.exs": KeptAll,
	"for e in erl hrl xrl yrl eex heex leex; do echo 2 >lib/x.$e; done": KeptDeps,
	"echo 2 >lib/b.txt":                         KeptDeps,
	"echo 2 >lib/a.ex; echo 2 >lib/b.txt":       KeptDeps,
	"echo 2 >config/config.exs":                 KeptDeps,
	"echo 2 >mix.exs":                           KeptDeps,
	"echo 2 >mix.lock":                          KeptDeps,
	"echo 2 >.tool-versions":                    KeptDeps,
	"sed -i s/0.1.0/0.2.0/ mix.exs":             KeptDeps,
	"sed -i 's/0.1.0.*/0.2.0\", x: 1/' mix.exs": KeptDeps,
	"echo 2 >lib/page.eex":                      KeptAll, "echo 2 >web/page.heex": KeptAll, "echo 2 >apps/a/lib/x.leex": KeptAll, "echo 2 >src/x.erl": KeptDeps, "echo 2 >lib/x.erl": KeptDeps,
	"echo 2 >lib/test/x.json": KeptDeps, "echo 2 >priv/test/x.json": KeptDeps, "echo 2 >priv/README.md": KeptDeps, "echo 2 >lib/x.md": KeptDeps, "echo 2 >CHANGELOG.md": KeptAll,
	`echo 'System.cmd("git", ["rev-parse"])' >lib/a.ex`: KeptDeps,
	`echo 'File.read!(".git/HEAD")' >lib/a.ex`:          KeptDeps,
	"mkdir latest; echo 2 >latest/x.exs":                KeptDeps,
	"echo 2 >contest.json":                              KeptDeps,
	"mkdir latest; echo 2 >latest/x":                    KeptDeps,
	"rm lib/b.txt":                                      KeptDeps,
	"mv lib/b.txt lib/b.ex":                             KeptDeps,
	"mv lib/a.ex lib/a.txt":                             KeptDeps,
	"chmod -x lib/b.txt":                                KeptDeps,
	"echo 2 >lib/a.exs":                                 KeptDeps,
	"echo 2 >lib/aex":                                   KeptDeps,
	"printf x >'lib/a.ex\ny'":                           KeptDeps,
}

func TestWhatAnIncrementalBuildReuses(t *testing.T) {
	t.Parallel()
	for change, want := range changes {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			s := builder(t, lastBuilt)
			s.keptState("k", head(t, s.project()))
			s.changed(change)
			s.edit = withMain("enter_project; restore_state").edit // only the part about state
			if got := s.restoreFor(job, Fetching{Key: "k", Incremental: true}); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			s.wantRestored(want)
			if s.exists(s.state("k")) {
				t.Error("the state is still where a killed build would find it")
			}
		})
	}
}

// A module may read any file of the repository while it is compiled, and it may ask git.
func TestTheProjectIsCompiledAnewForEachCommit(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"true", "echo 2 >README.md", "echo 2 >test/x.json", "echo 2 >lib/a.ex"} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			s := builder(t, lastBuilt)
			s.keptState("k", head(t, s.project()))
			s.changed(change)
			if got := s.restore("k", false); got != KeptDeps {
				t.Errorf("%s", got)
			}
			s.wantRestored(KeptDeps)
		})
	}
}

// Commands before the release may write something else each time: modules may read that.
func TestCommandsAndWhatIsReused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		incremental   bool
		before, after string
		want          Kept
	}{
		"none":                     {false, "", "", KeptAll},
		"the same":                 {false, "npm ci", "npm ci", KeptDeps},
		"none any more":            {false, "npm ci", "", KeptDeps},
		"incremental and the same": {true, "npm ci", "npm ci", KeptAll},
		"incremental and others":   {true, "npm ci", "npm ci --force", KeptDeps},
		"incremental and new":      {true, "", "npm ci", KeptDeps},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, lastBuilt)
			s.command("npm", "exit 0")
			s.on("release", made)
			_, err := assemble(t, s, Assembling{Before: c.before})
			must(t, err)
			if got := s.restoreFor(job, Fetching{Key: "k", Incremental: c.incremental, Before: c.after}); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// What the project's build has made goes, wherever it is; programs that were downloaded
// beside the environments stay.
func TestWhatTheProjectMadeIsNotReused(t *testing.T) {
	t.Parallel()
	s := builder(t, lastBuilt)
	s.keptState("k", "another commit")
	for _, name := range []string{"prod/phoenix-colocated/own/index.js", "prod/.cache/x", "prod/consolidated/x", "esbuild-linux-x64", "dart/sass"} {
		s.writeHome("x", s.state("k", "build", name))
	}
	s.restore("k", false)
	for name, want := range map[string]bool{
		"prod/phoenix-colocated": false, "prod/.cache": false, "prod/consolidated": false, "esbuild-linux-x64": true, "dart/sass": true,
		"prod/lib/lib/ebin/x.beam": true, "test/lib/own": false,
	} {
		if s.exists(BuildDir(app), "checkout/_build", name) != want {
			t.Errorf("%s is there: %v", name, !want)
		}
	}
}

func TestChangedDependenciesAreNotKept(t *testing.T) {
	t.Parallel()
	const compile = `mkdir -p deps/lib/c_src deps/lib/.git _build/prod/lib/lib/.mix _build/prod/lib/lib/ebin && : >deps/lib/mix.exs && : >_build/prod/lib/lib/ebin/x && : >_build/prod/lib/lib/.mix/x`
	for name, c := range map[string]struct {
		before, release string
		want            string // the file that is named; empty: they are kept
	}{
		"nothing":                  {"true", "true", ""},
		"commands compile it anew": {"sleep 0.02; echo >_build/prod/lib/lib/ebin/x", "true", "/_build/prod/lib/lib/ebin/x"},
		"a module writes into it":  {"true", "mkdir -p deps/lib/priv && : >'deps/lib/priv/a b'", "./lib/priv/a b"},
		"commands remove a file":   {"rm deps/lib/mix.exs", "true", "./lib/mix.exs"},
		"a link leads elsewhere":   {"ln -s / deps/lib/link", "true", "./lib/link"},
		"mix's notes":              {"true", "echo 2 >_build/prod/lib/lib/.mix/x; echo 2 >deps/lib/.git/index", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, map[string]string{".gitignore": "_build\ndeps\n"})
			s.on("deps.compile", compile)
			s.on("release", c.release)
			for _, fresh := range []bool{true, false} {
				s.restore("k", false)
				if fresh {
					must(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"))
				} else {
					s.writeHome(c.before+"\n"+c.release+"\n", "again")
				}
				log, err := assemble(t, s, Assembling{Before: c.before})
				must(t, err)
				if kept := s.exists(s.state("k")); kept != (c.want == "") || !strings.Contains(log, c.want) {
					t.Errorf("kept: %v; the log:\n%s", kept, log)
				}
				if c.want != "" {
					return
				}
			}
		})
	}
}

func TestABuildWithoutStateOfItsOwnStartsFromNothing(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	at := head(t, s.project())
	if got := s.restore("k", false); got != KeptNothing {
		t.Errorf("the first build: %s", got)
	}
	s.keptState("other", at)
	if got := s.restore("k", false); got != KeptNothing || !s.exists(s.state("other", "deps")) {
		t.Errorf("with another key: %s", got)
	}
	s.wantRestored(KeptNothing)
	s.keptState("k", at)
	if got := s.restore("k", true); got != KeptNothing || s.exists(s.state()) {
		t.Errorf("clean: %s", got)
	}
	s.wantRestored(KeptNothing)
}

func TestDirectoriesOfTheRepositorysOwnAreNeitherReplacedNorKept(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"deps", "_build"} {
		s := builder(t, map[string]string{name + "/vendored/x": "own"})
		s.keptState("k", head(t, s.project()))
		if got := s.restore("k", false); got != KeptNothing {
			t.Errorf("%s: %s", name, got)
		}
		_, err := assemble(t, s, Assembling{Key: "new"})
		must(t, err)
		if s.readHome(BuildDir(app), "checkout", name, "vendored", "x") != "own" || s.exists(s.state("new")) || s.exists(BuildDir(app), "checkout.state") {
			t.Errorf("%s was replaced or kept", name)
		}
	}
}

// made is a successful build: it has compiled a dependency and its own library.
const made = `mkdir -p deps/lib _build/prod/lib/lib _build/prod/lib/own && : >deps/lib/mix.exs && : >_build/prod/lib/own/x && : >_build/prod/lib/lib/x`

func TestABuildThatEndsWellIsKept(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "apps/web"} {
		s := builder(t, map[string]string{"apps/web/mix.exs": "", ".gitignore": "_build\ndeps\n"})
		s.on("release", made)
		j := job
		j.Dir = dir
		_, err := s.build(j, nil).Assemble(t.Context(), Assembling{Release: "apxr_io", Paths: pathsOf(j), Key: "k"})
		must(t, err)
		if got := strings.TrimSpace(s.readHome(s.state("k", "revision"))); got != head(t, s.project()) {
			t.Errorf("it is of %s", got)
		}
		for _, name := range []string{"deps/lib/mix.exs", "_build/prod/lib/own/x", "_build/prod/lib/lib/x"} {
			if !s.exists(s.state("k"), strings.TrimPrefix(name, "_")) || s.exists(BuildDir(app), "checkout", dir, name) {
				t.Errorf("%s: %s is not kept, or still in the checkout", dir, name)
			}
		}
		if s.exists(BuildDir(app), "checkout.state") {
			t.Error("checkout.state is still there")
		}
		if got, err := s.build(j, nil).FetchDeps(t.Context(), Fetching{Paths: pathsOf(j), Key: "k"}); err != nil || got != KeptAll || !s.exists(BuildDir(app), "checkout", dir, "_build/prod/lib/own/x") {
			t.Errorf("%s: the next build goes on from %s, %v", dir, got, err)
		}
	}
}

// During a build, the state that it started from is only in its checkout.
func TestABuildThatWasKilledLeavesNothingToGoOnFrom(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	o.commit("mix.exs", "")
	s.command("mix", "exit 0")
	commit := head(t, o.dir)
	s.wantTree(o, "main", commit)
	s.keptState("k", commit)
	if got := s.restore("k", false); got != KeptAll {
		t.Errorf("%s", got)
	}
	s.wantTree(o, "main", commit)
	if got := s.restore("k", false); got != KeptNothing {
		t.Errorf("after one that was killed: %s", got)
	}
	// The process was killed while it moved the state.
	for _, name := range []string{"deps/x", "revision"} {
		s.writeHome("x", BuildDir(app), "checkout.state", name)
	}
	s.wantTree(o, "main", commit)
	s.keptState("k", commit)
	if got := s.restore("k", false); got != KeptAll {
		t.Errorf("%s", got)
	}
}

func TestThreeStatesAreKept(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	build := func(key string) {
		t.Helper()
		_, err := assemble(t, s, Assembling{Key: key})
		must(t, err)
		time.Sleep(5 * time.Millisecond) // the scripts tell them apart by age
	}
	want := func(keys ...string) {
		t.Helper()
		list, err := os.ReadDir(filepath.Join(s.home, s.state()))
		must(t, err)
		var names []string
		for _, e := range list {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, keys) {
			t.Errorf("kept are %q, want %q", names, keys)
		}
	}
	build("a")
	build("b")
	build("c")
	want("a", "b", "c")
	build("a") // the same one again is the youngest
	build("d")
	want("a", "c", "d")
	s.on("release", "exit 1")
	_, err := assemble(t, s, Assembling{Key: "e"})
	wantReason(t, err, "mix release failed")
	want("a", "d", "e")
}

func TestAFailedBuildKeepsItsDependenciesAlone(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]Assembling{
		"mix release": {}, "before-release": {Before: made + "; exit 1"}, "no start script": {Release: "other"}, "distillery": {Distillery: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := builder(t, map[string]string{".gitignore": "_build\ndeps\n"})
			task := "release"
			if a.Distillery {
				task = "distillery.release"
			}
			body := made
			if a.Release == "" {
				body += "; exit 1"
			}
			s.on(task, body)
			if _, err := assemble(t, s, a); err == nil {
				t.Fatal("it did not fail")
			}
			if got := s.readHome(s.state("k", "revision")); got != head(t, s.project())+"\n" || s.exists(s.state("k", "build/prod/lib/own")) ||
				!s.exists(s.state("k", "build/prod/lib/lib/x")) || !s.exists(s.state("k", "deps/lib/mix.exs")) {
				t.Errorf("kept is not what should be; of %q", got)
			}
			if got := s.restore("k", false); got != KeptDeps {
				t.Errorf("the next build goes on from %s", got)
			}
		})
	}
}

func TestADependencyThatDoesNotCompileKeepsNothing(t *testing.T) {
	t.Parallel()
	s := builder(t, nil)
	s.keptState("k", head(t, s.project()))
	s.restore("k", false)
	s.on("deps.compile", "exit 1")
	wantReason(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"), "a dependency does not compile")
	if s.exists(s.state("k")) {
		t.Error("half-compiled dependencies are kept")
	}
}
