package config

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEnvFileIsReadAsWritten(t *testing.T) {
	for text, want := range map[string][]Variable{
		"# nothing\n":                    nil,
		" \n":                            nil,
		"A=1":                            {{"A", "1"}},
		"\r\nA=1\r\n  # c\r\nB=2\r\n":    {{"A", "1"}, {"B", "2"}},
		"B=1\nA=2\n":                     {{"B", "1"}, {"A", "2"}},
		"  A=1\n\texport  B=2\nexport=3": {{"A", "1"}, {"B", "2"}, {"export", "3"}},
		"exportA=1":                      {{"exportA", "1"}},
		"A=":                             {{"A", ""}},
		"A=''\nB=\"\"":                   {{"A", ""}, {"B", ""}},
		"A= x # y ":                      {{"A", " x # y "}},
		"A=x='y'":                        {{"A", "x='y'"}},
		`A=it's "so"`:                    {{"A", `it's "so"`}},
		`A='it's \" \\ $X'`:              {{"A", `it's \" \\ $X`}},
		`A="it's \" \\ \n $X "b" \\"`:    {{"A", `it's " \ \n $X "b" \`}},
		`A="\\\""`:                       {{"A", `\"`}},
		"A=x<<y":                         {{"A", "x<<y"}},
		"A<<END\n\"x\"\n# y\nB=1\nEND\n": {{"A", "\"x\"\n# y\nB=1"}},
		"export A<< E\n\n E\nE":          {{"A", "\n E"}},
		"LD_PRELOAD=x\nPATH=/bin\nRELEASE_NAME=x\nGIT_X=1\nMIX_ENV=prod\nHOME=/": {
			{"LD_PRELOAD", "x"}, {"PATH", "/bin"}, {"RELEASE_NAME", "x"}, {"GIT_X", "1"}, {"MIX_ENV", "prod"}, {"HOME", "/"},
		},
	} {
		c, err := Load(Deploy, good(map[string]string{"env-file": text}))
		if err != nil || c.Service.Env == nil || !reflect.DeepEqual(c.Service.Env.Variables, want) {
			t.Errorf("%q: %q, %v", text, c.Service.Env, err)
		}
	}
	if c, err := Load(Deploy, good(map[string]string{"env-file": ""})); err != nil || c.Service.Env != nil {
		t.Errorf("nothing given: %v, %v", c.Service.Env, err)
	}
}

func TestEnvFileRefuses(t *testing.T) {
	const noLine = "is not NAME=VALUE with a valid name of a variable"
	cases := []wrong{
		one("env-file", "s3cr3t", "line 1 "+noLine),
		one("env-file", "A=1\n\n# x\ns3cr3t-x=1", "line 4 "+noLine),
		one("env-file", "2s3cr3t=1", noLine),
		one("env-file", "=s3cr3t", noLine),
		one("env-file", "s3cr3t $(id)=1", noLine),
		one("env-file", "export export A=s3cr3t", noLine),
		one("env-file", "export", noLine),
		one("env-file", "Ä=s3cr3t", noLine),
		one("env-file", "A<<END\nx\nEND\nA=s3cr3t", "line 4: A is there twice"),
		one("env-file", "B=1\nA<<END\ns3cr3t\n END\n", "line 2: its end mark is not there"),
		one("env-file", "A=s3cr3t\x00", "line 1: A has a NUL in its value"),
		one("env-file", "A=s3cr3t\xff", "line 1: the value of A is not UTF-8: write it in base64"),
		one("env-file", "A<<E\ns3cr3t\xff\nE", "line 1: the value of A is not UTF-8"),
		one("env-file", "A=1\nRELEASE_ROOT=s3cr3t", "line 2: RELEASE_ROOT is not for this file: the start script finds it itself"),
		one("env-file", "SLIPWAY_X=s3cr3t", "SLIPWAY_X is Slipway's own to set"),
		one("env-file", "slipway_x=s3cr3t", "slipway_x is Slipway's own to set"),
		one("env-file", strings.Repeat("#", maxEnv+1), "it has 65537 bytes, and 65536 are the most"),
		{map[string]string{"env-file": "s3cr3t\nUID=s3cr3t\nA='s3cr3t"}, []string{"env-file: line 1 ", "env-file: line 2: UID ", "env-file: line 3: the value of A "}},
	}
	for _, value := range []string{`"s3cr3t`, `'s3cr3t`, `"s3cr3t'`, `"`, `'`, `"s3cr3t\"`, `"s3cr3t\\\"`, `"s3cr3t" `, `'s3cr3t' # why`} {
		cases = append(cases, one("env-file", "A="+value, "line 1: the value of A starts with a quote and does not end with the same one"))
	}
	for name := range strings.FieldsSeq("IFS ENV BASH_ENV UID EUID PPID OPTIND SHELLOPTS BASHOPTS _ RANDOM SHLVL BASH_VERSINFO") {
		cases = append(cases, one("env-file", name+"=s3cr3t", "line 1: "+name+" cannot be set: the shell that starts the application keeps it"))
	}
	refuses(t, Deploy, cases)
	refuses(t, BuildAndDeploy, cases[:1])
	if m := mistakes(t, Deploy, good(map[string]string{"env-file": strings.Repeat("#", maxEnv)})); len(m) > 0 {
		t.Errorf("the largest one is refused: %q", m)
	}
}

func TestShellQuotesEverything(t *testing.T) {
	e := Env{[]Variable{{"B", "x"}, {"A", `it's`}, {"C", ""}}}
	if got, want := e.Shell(), "export B='x'\nexport A='it'\\''s'\nexport C=''\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Env{}).Shell(); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

var hostile = map[string]string{
	"QUOTES": `'"'\''"" ''`, "COMMANDS": "$(exit 1) `exit 1` ; exit 1; & | > /dev/full", "VARIABLES": "$HOME ${HOME:?} $$ $1 ~ *",
	"LINES": "a\nb\n\n", "NEWLINE": "\n", "RETURN": "a\rb\r", "TABS": "\t \v\f", "CONTROL": "\x01\x07\x1b[31m\x7f\x81", "BACKSLASHES": `\ \\ \n \' \`,
	"DASHES": "--help", "DASH_N": "-n", "UNICODE": "Ёжик ü 漢字 🚀 \u0081\u0082\u0088 \u2028", "LONG": strings.Repeat("0123'\"\\\n", 1250),
	"HASH": "# x", "BANG": "!! !1", "BRACES": "{a,b} [a-z] ?", "BLANKS": "  ", "EMPTY": "", "A": "EOF", "_x": "=", "LD_LIBRARY_PATH": "/nowhere", "PATH": "",
}

func TestShellGivesBackExactlyTheValues(t *testing.T) {
	var e Env
	for name, value := range hostile {
		e.Variables = append(e.Variables, Variable{name, value})
	}
	for _, sh := range shells(t) {
		if got := evaluated(t, sh, e); !reflect.DeepEqual(got, e.Variables) {
			t.Errorf("%s:\ngot  %q\nwant %q", sh, got, e.Variables)
		}
	}
}

// The refused names must be exactly the ones that shells change. The test asks
// real shells.
func TestNamesThatShellsKeepAreThoseRefused(t *testing.T) {
	names := strings.Fields("HOME PATH PWD OLDPWD TERM USER LANG LC_ALL TZ PS1 PS4 CDPATH TMOUT COLUMNS LINES HOSTNAME OSTYPE OPTERR OPTARG MAIL HISTFILE POSIXLY_CORRECT REPLY")
	for _, sh := range shells(t) {
		for _, name := range names {
			want := []Variable{{name, "a 'b'"}}
			if got := evaluated(t, sh, Env{want}); !reflect.DeepEqual(got, want) || notForApp(name) != "" {
				t.Errorf("%s: %s is allowed: %q, gives %q", sh, name, notForApp(name), got)
			}
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	} else if err != nil {
		t.Skip(err)
	}
	for name := range shellSets {
		if name == "_" || name == "SRANDOM" {
			continue // env itself gets a value for "_"; SRANDOM needs bash 5.1
		}
		if _, err := evaluate(bash, t.TempDir(), Env{[]Variable{{name, "a 'b'"}}}); err == nil {
			got := evaluated(t, bash, Env{[]Variable{{name, "a 'b'"}}})
			if len(got) == 1 && got[0].Value == "a 'b'" {
				t.Errorf("%s is refused and could be set", name)
			}
		}
	}
}

// shells returns the shells of this machine that may be /bin/sh on a host.
func shells(t testing.TB) []string {
	t.Helper()
	found := []string{"/bin/sh"}
	for _, name := range []string{"dash", "bash"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		} else {
			t.Logf("no %s here", name)
		}
	}
	return found
}

// evaluated returns the variables that a program gets from a shell that has
// read the file.
func evaluated(t testing.TB, sh string, e Env) []Variable {
	t.Helper()
	all, err := evaluate(sh, t.TempDir(), e)
	if err != nil {
		t.Fatalf("%s: %v", sh, err)
	}
	var own []Variable
	for _, v := range e.Variables {
		if value, found := all[v.Name]; found {
			own = append(own, Variable{v.Name, value})
		}
	}
	return own
}

func evaluate(sh, dir string, e Env) (map[string]string, error) {
	file := filepath.Join(dir, "env")
	if err := os.WriteFile(file, []byte(e.Shell()), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(sh, "-euc", `. "$1"; exec /usr/bin/env -0`, "sh", file)
	cmd.Env = []string{} // nil would pass on the test's environment
	out, err := cmd.Output()
	all := map[string]string{}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		name, value, _ := strings.Cut(string(entry), "=")
		all[name] = value
	}
	return all, err
}

// envMistakeRE matches everything that a mistake may say. Of a line it may show
// only the name.
var envMistakeRE = regexp.MustCompile(`^env-file: (it has \d+ bytes, and 65536 are the most: .*` +
	`|line \d+ is not NAME=VALUE with a valid name of a variable \(letters, digits and _, no digit first\)` +
	`|line \d+: its end mark is not there` +
	`|line \d+: [A-Za-z_][A-Za-z0-9_]* (is there twice|has a NUL in its value|is Slipway's own to set|is not for this file: .*|cannot be set: .*)` +
	`|line \d+: the value of [A-Za-z_][A-Za-z0-9_]* (is not UTF-8: write it in base64, say, and let the application decode it` +
	`|starts with a quote and does not end with the same one \(nothing may follow it, no blank or comment either\); several lines are [A-Za-z_][A-Za-z0-9_]*<<END, the lines, and END))$`)

func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B='x'\nC<<E\n$(id)\nE\n# c\nD=\"\\\"\\\\\"")
	f.Add("A=\"\nUID=1\n=\n<<\nA<<E")
	for name, value := range hostile {
		f.Add(name + "=" + value)
		f.Add(name + "<<E\n" + value + "\nE\n")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Load(Deploy, good(map[string]string{"env-file": text}))
		if err != nil {
			for _, m := range err.(Mistakes) {
				if !envMistakeRE.MatchString(m) {
					t.Errorf("%q gives %q", text, m)
				}
			}
			return
		}
		if c.Service.Env == nil || len(c.Service.Env.Variables) == 0 {
			return
		}
		got, err := evaluate("/bin/sh", dir, *c.Service.Env)
		for _, v := range c.Service.Env.Variables {
			if value, found := got[v.Name]; err != nil || !found || value != v.Value {
				t.Errorf("%q: %s is %q, want %q: %v", text, v.Name, value, v.Value, err)
			}
		}
	})
}

func TestEverySecretIsNamedAsOne(t *testing.T) {
	c, err := Load(BuildAndDeploy, good(map[string]string{
		"ssh-key": "SSHKEY", "ssh-passphrase": "PASS\n", "git-token": "TOKEN", "deploy-keys": keyA, "build-env": "A=VALUE",
		"env-file": "A=üüüüüü\nB=12345\nC=\"quoted value\"\nPEM<<E\nline 1\nx\nE",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"SSHKEY", "PASS", "TOKEN", "x-access-token:TOKEN", keyA, "VALUE", "üüüüüü", "quoted value", "line 1\nx"} {
		if !slices.Contains(c.Secrets(), want) {
			t.Errorf("%q is not among %q", want, c.Secrets())
		}
	}
	if slices.Contains(c.Secrets(), "12345") {
		t.Error("a short value would blank the log")
	}
	// Mistakes are logged, so they must not show values.
	c, err = Load(Deploy, good(map[string]string{"env-file": "A=hidden all the same\nx"}))
	if err == nil || !slices.Contains(c.Secrets(), "hidden all the same") {
		t.Errorf("%q, %v", c.Secrets(), err)
	}
}
