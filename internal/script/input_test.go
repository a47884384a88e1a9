package script

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onBothShells runs a test with each shell that may be /bin/sh. The site's
// commands that are scripts always run in the machine's own shell.
func onBothShells(t *testing.T, test func(t *testing.T, use func(*site))) {
	t.Parallel()
	for _, shell := range []string{"dash", "bash"} {
		file, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			test(t, func(s *site) { must(t, os.Symlink(file, filepath.Join(s.bin, "sh"))) })
		})
	}
}

// environ returns the environment with which a process was started, as /proc
// has it.
func environ(t *testing.T, text string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(text, "\x00"), "\x00") {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := vars[name]; twice || !ok {
			t.Errorf("entry %q", entry)
		}
		vars[name] = value
	}
	return vars
}

// seen says what happens to variables in the command that gets them, in a
// command that does not, and in the shell.
type seen struct {
	inside, outside map[string]string
	shell           string
	facts           map[string]string
}

func see(t *testing.T, s *site, env []Variable) seen {
	t.Helper()
	got := seen{facts: map[string]string{}}
	c := call{
		script: "assemble", args: job.args(), input: envInput(env).reader(),
		onFact: func(key, value string) { got.facts[key] = value },
	}
	m := withMain(`tree=ours kind=ours
		take_input
		cat /proc/self/environ >"$HOME/outside"
		set >"$HOME/set"
		with_env sh -c 'cat /proc/$$/environ >"$HOME/inside"; printf "%s|" "$#" "$@" >"$HOME/given"' sh 'an argument' '' '$HOME *'
		fact app "$app"; fact id "$id"; fact root "$root"; fact tree "$tree"; fact kind "$kind"; fact scratch "$scratch"; fact mix_env "$mix_env"`)
	m.env = s.env
	must(t, c.run(t.Context(), m))
	got.inside, got.outside, got.shell = environ(t, s.readHome("inside")), environ(t, s.readHome("outside")), s.readHome("set")
	if given := s.readHome("given"); given != "3|an argument||$HOME *|" {
		t.Errorf("the command's arguments: %q", given)
	}
	return got
}

// wantOnlyInside checks that only the command has these variables, exactly and
// in addition to others.
func (got seen) wantOnlyInside(t *testing.T, s *site, env []Variable) {
	t.Helper()
	want := maps.Clone(got.outside)
	delete(want, "_") // bash sets this itself
	want["LC_ALL"], want["LANG"] = "C.UTF-8", "C.UTF-8"
	for _, v := range env {
		want[v.Name] = v.Value
		if _, ok := got.outside[v.Name]; ok {
			t.Errorf("a command of the script's own has %s", v.Name)
		}
	}
	for _, name := range []string{"_", "PWD", "OLDPWD", "SHLVL"} { // shells set these themselves
		delete(want, name)
		delete(got.inside, name)
	}
	if !maps.Equal(got.inside, want) {
		for name := range got.inside {
			if got.inside[name] != want[name] {
				t.Errorf("%s is %q, want %q", name, got.inside[name], want[name])
			}
		}
		t.Errorf("%d variables, want %d", len(got.inside), len(want))
	}
	for name, value := range map[string]string{
		"app": app.String(), "id": string(r1), "root": s.home + "/slipway", "tree": "ours", "kind": "ours", "mix_env": "prod",
		"scratch": filepath.Join(s.home, BuildDir(app), "scratch"),
	} {
		if got.facts[name] != value {
			t.Errorf("the script's own %s is %q, want %q", name, got.facts[name], value)
		}
	}
}

func TestVariablesReachTheCommandExactlyAndNobodyElse(t *testing.T) {
	onBothShells(t, func(t *testing.T, use func(*site)) {
		s := newSite(t)
		use(s)
		env := []Variable{
			{"EMPTY", ""},
			{"LINES", "two\nlines\n\n"},
			{"BREAK", "\n"},
			{"QUOTES", `'single' "double" ` + "`id`" + ` $(id) ${HOME}`},
			{"PERCENT", `100%d %s %%`},
			{"BACKSLASH", `\n \\ \c end \`},
			{"OCTAL", `_057 \057 \0057`},
			{"OTHER", "äöü € 日本 \xff\xfe\x80"},
			{"CONTROL", "\x01\t\r\x1b[0m\x7f"},
			{"BLANKS", "  around  "},
			{"GLOB", "* ? [a-z] ~"},
			{"DOT", "a.b=c.d"},
			{"DASH", "-n -e --"},
			{"URL", "ecto://u:p@h/db?x=1&y=2#z"},
			{"http_proxy", "http://p:1"},
			{"_x1", "under"},
			// Names that the scripts use themselves.
			{"app", "x"},
			{"id", "x"},
			{"tree", "x"},
			{"root", "x"},
			{"kind", "x"},
			{"scratch", "x"},
			{"what", "x"},
			{"first", "x"},
			{"second", "x"},
			{"build_env", "x"},
			{"before", "x"},
			{"git_token", "x"},
			{"pair", "x"},
			{"mix_env", "x"},
			{"agent", "x"},
			{"ifs", "x"},
			{"value", "x"},
			{"locale", "x"},
			{"slipway_pair", "x"},
			{"slipway_value", "x; touch pwned"},
			{"slipway_locale", "x"},
			{"SLIPWAY_ENV", "x"},
		}
		got := see(t, s, env)
		got.wantOnlyInside(t, s, env)
		if strings.Contains(got.shell, "two\nlines") || strings.Contains(got.shell, "http://p:1") || strings.Contains(got.shell, "ecto://") {
			t.Errorf("a value is one of the shell's own variables:\n%s", got.shell)
		}
	})
}

func TestRandomVariablesArriveAsTheyAre(t *testing.T) {
	onBothShells(t, func(t *testing.T, use func(*site)) {
		s := newSite(t)
		use(s)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		env := make([]Variable, 120)
		for i := range env {
			var value []rune
			for range random.IntN(60) {
				value = append(value, []rune(`\'"%$_ .`)[random.IntN(8)], rune(1+random.IntN([]int{127, 0x2ff, 0xd000}[random.IntN(3)])))
			}
			env[i] = Variable{fmt.Sprintf("%c%d_v", "abcxyzABCXYZ_"[random.IntN(13)], i), string(value)}
		}
		see(t, s, env).wantOnlyInside(t, s, env)
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
}

func TestALocaleOfOnesOwnCounts(t *testing.T) {
	t.Parallel()
	got := see(t, newSite(t), []Variable{{"LANG", "de_DE.UTF-8"}})
	if got.inside["LANG"] != "de_DE.UTF-8" || got.inside["LC_ALL"] != "C.UTF-8" || got.outside["LC_ALL"] != "C" {
		t.Errorf("inside %q, %q, outside %q", got.inside["LANG"], got.inside["LC_ALL"], got.outside["LC_ALL"])
	}
}

// watched returns a site with a project on which every tool records its calls.
func watched(t *testing.T) *site {
	s := checkout(t, map[string]string{"mix.exs": "", "mix.lock": `"x": {:hex, :x}`})
	for _, name := range []string{"mix", "elixir", "erl", "ssh"} {
		s.command(name, `echo "`+name+` $*" >>"$HOME/calls"`)
	}
	s.command("git", `echo "git $*" >>"$HOME/calls"; exit 1`)
	return s
}

// takers returns the calls of all scripts that take settings as input.
func takers() map[string]args {
	more := args{{"key", "k"}, {"clean", "no"}, {"kind", "mix"}, {"release", "apxr_io"}, {"named", ""}}
	return map[string]args{
		"checkout": {{"token", ours}, {"app", app.String()}, {"id", string(r1)}, {"least", "0"}, {"repository", "git@h:x"}, {"revision", "main"}},
		"project":  job.args(), "compiledeps": job.args(compiling...), "fetchdeps": job.args(more...), "assemble": job.args(more...),
	}
}

// compiling are the arguments of compiledeps.
var compiling = args{{"deps_path", "deps"}, {"build_path", "_build"}, {"elixir", "1.16.3"}}

func TestSettingsThatAreNotWholeStartNothing(t *testing.T) {
	t.Parallel()
	for script, args := range takers() {
		for text, reason := range map[string]string{
			"":                          "the connection ended before all settings had come",
			"env A x\nbefore y\n":       "the connection ended before all settings had come",
			"env A x\nend":              "the connection ended before all settings had come", // the line break is missing
			"env A x\nen":               "the connection ended before all settings had come",
			"token h x\nendless\nend\n": "the settings came with a line of an unknown kind",
			"\nend\n":                   "the settings came with a line of an unknown kind",
		} {
			t.Run(fmt.Sprintf("%s %q", script, text), func(t *testing.T) {
				t.Parallel()
				s := watched(t)
				err := call{script: script, args: args, input: strings.NewReader(text)}.run(t.Context(), s)
				wantReason(t, err, reason)
				if calls := s.readHome("calls"); calls != "" {
					t.Errorf("it called\n%s", calls)
				}
			})
		}
	}
}

func TestCommandsReadNothingOfTheInput(t *testing.T) {
	t.Parallel()
	s := checkout(t, map[string]string{"mix.exs": ""})
	s.command("mix", `cat >"$HOME/stdin"; echo done >>"$HOME/stdin"`)
	c := call{script: "compiledeps", args: job.args(compiling...), input: strings.NewReader("end\nenv SECRET x\n")}
	must(t, c.run(t.Context(), s))
	if got := s.readHome("stdin"); got != "done\n" {
		t.Errorf("mix read %q", got)
	}
}

func TestADiskThatIsFullIsNamed(t *testing.T) {
	t.Parallel()
	s := checkout(t, map[string]string{"mix.exs": ""})
	s.command("mkdir", "exit 1")
	s.command("df", `printf 'Filesystem 1K Used Available\n/dev/x 9 9 5000 9%% /\n'`)
	wantReason(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"), "the build server's disk is full: 4 MB are free below "+s.home+"/slipway. Free some, or lower keep-artifacts")
	s.command("df", `printf 'Filesystem 1K Used Available\n/dev/x 9 9 50000 9%% /\n'`)
	wantReason(t, s.build(job, nil).CompileDeps(t.Context(), pathsOf(job), "1.16.3"), "cannot create "+s.home+"/slipway/apxr/apxr_io/scratch")
}

// TestSecretsAreInNoArgumentList checks all commands that the scripts call:
// /proc shows their arguments to everybody.
func TestSecretsAreInNoArgumentList(t *testing.T) {
	onBothShells(t, func(t *testing.T, use func(*site)) {
		s := builder(t, map[string]string{"mix.lock": `"x": {:hex, :x}`})
		use(s)
		s.logArguments()
		secret, token := "s3cret value\nwith lines", "t0ken/"
		j := job
		j.Env = []Variable{{"SECRET", secret}}
		a := Access{Token: token, TokenHost: "h", Identities: []Identity{{"h:22/x", "ssh-ed25519 publ1c"}}, KnownHosts: "h ssh-ed25519 kn0wn"}
		_, err := s.build(j, nil).Project(t.Context())
		must(t, err)
		_, err = s.build(j, nil).FetchDeps(t.Context(), Fetching{Paths: pathsOf(j), Key: "k", Access: a})
		must(t, err)
		must(t, s.build(j, nil).CompileDeps(t.Context(), pathsOf(j), "1.16.3"))
		_, err = s.build(j, nil).Assemble(t.Context(), Assembling{Release: "apxr_io", Paths: pathsOf(j), Before: "true 's3cret value'", Key: "k"})
		must(t, err)
		_, _, err = s.build(j, nil).Checkout(t.Context(), Source{Repository: "git@h:x", Revision: "main", Access: a})
		wantReason(t, err, "cannot fetch git@h:x")
		text := s.readHome("arguments")
		for _, name := range []string{"mix", "elixir", "git", "sed", "sh"} {
			if !strings.Contains(text, "/"+name+" ") {
				t.Errorf("no call of %s was seen", name)
			}
		}
		for _, v := range []string{"s3cret", "t0ken", "publ1c", "kn0wn", encodeAny(secret), encodeAny(token)} {
			if at := strings.Index(text, v); at >= 0 {
				t.Errorf("%s is an argument: %q", v, text[max(0, at-200):at+len(v)])
			}
		}
	})
}

// logArguments puts a command that records its arguments before each existing
// one and before the usual ones of the system.
func (s *site) logArguments() {
	for _, name := range strings.Fields("awk basename cat cmp cp cut date df diff dirname env find flock git grep head id ls mkdir mv rm sed sha256sum sleep sort sync tail tar tr wc xargs touch mix elixir erl sh ssh") {
		file := filepath.Join(s.bin, name)
		real := filepath.Join(s.bin, "real", name)
		if _, err := os.Lstat(file); err == nil {
			must(s.t, os.MkdirAll(filepath.Dir(real), 0o755))
			must(s.t, os.Rename(file, real))
		} else if real, err = exec.LookPath(name); err != nil {
			continue
		}
		s.command(name, `echo "$0 $*" >>"$HOME/arguments"; exec `+real+` "$@"`)
	}
}
