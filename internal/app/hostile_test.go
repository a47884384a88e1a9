package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
)

// hostile has hostile values by their kind.
var hostile = map[string]string{
	"nothing":           "",
	"blanks":            " \t ",
	"a line break":      "\n",
	"a NUL":             "\x00",
	"a NUL in a word":   "a\x00b",
	"a command":         "$(id)",
	"backquotes":        "`id`",
	"quotes":            `'"; id; "'`,
	"a semicolon":       ";",
	"lines":             "a\nid\nb=c",
	"a way up":          "../../../../../etc/passwd",
	"the root":          "/",
	"a path":            "/etc/passwd",
	"a flag":            "--checkpoint-action=exec=id",
	"a short flag":      "-rf",
	"a glob":            "*",
	"a home":            "~",
	"other scripts":     "ünïcödé ☃ \u202egnp.exe",
	"other digits":      "١٢",
	"not UTF-8":         "\xff\xfe",
	"a format":          "%s%n%[9]d",
	"a terminal":        "\x1b[2J\x1b]0;x\a",
	"far too much":      strings.Repeat("a", 10<<10),
	"far more":          strings.Repeat(strings.Repeat("a", 70)+"\n", 1200),
	"many":              strings.Repeat("b c\n", 300),
	"several fields":    "a\tb c,d|e",
	"commas":            " , ,",
	"zero":              "0",
	"one":               "1",
	"below zero":        "-1",
	"a float":           "1.5",
	"an exponent":       "1e9",
	"a hex number":      "0x10",
	"beyond 64 bits":    "99999999999999999999",
	"not a number":      "NaN",
	"a short time":      "1ns",
	"a long time":       "9999h",
	"below no time":     "-1s",
	"yes":               "yes",
	"True":              "True",
	"true":              "true",
	"null":              "null",
	"none":              "none",
	"local":             "local",
	"twice local":       "local local",
	"a host":            "192.0.2.4",
	"a host and a port": "root@[::1]:99999",
	"a URL":             "http://example.com/",
	"a password":        "https://user:hunter2@127.0.0.1/",
	"another URL":       "ftp://127.0.0.1/",
	"no URL":            "http://127.0.0.1:99999",
	"a variable":        "A=1\nA=2",
	"half a variable":   "A=1\nPASSWORD='hunter2\n",
	"half a key":        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n",
	"half a list":       "[1, 2",
	"half a group":      "(a",
}

// complete returns good settings for every verb. No test reaches these servers:
// each run is cancelled before it begins.
func complete(t *testing.T) map[string]string {
	t.Helper()
	private, public := newKey(t)
	bin := t.TempDir() // ssh is the only program on this machine
	if err := os.WriteFile(filepath.Join(bin, "ssh"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"PATH": bin, "app": "apxr/apxr_io", "build-host": "192.0.2.1", "hosts": "192.0.2.2, 192.0.2.3", "host": "192.0.2.2", "expression": "1 + 1",
		"ssh-key": string(private), "setup-key": string(private), "known-hosts": "192.0.2.2 " + public + "\n",
		"repository": "git@github.com:apxr/apxr_io.git", "revision": "main",
		"release-id": "20171114T072116", "expect-current": "20171113T072116",
	}
}

// counting adds the settings that make another setting take effect.
func counting(t *testing.T, name string, settings map[string]string) map[string]string {
	settings = maps.Clone(settings)
	switch name {
	case "health-status", "health-body":
		settings["health-url"] = "http://127.0.0.1:4001/health"
	case "health-server-name":
		settings["health-url"] = "https://127.0.0.1:4001/health"
	case "ssh-agent":
		settings["ssh-key"], settings["setup-key"] = "", ""
	case "ssh-passphrase", "setup-passphrase":
		settings["ssh-key"] = lockedKey(t)
		settings["setup-key"] = settings["ssh-key"]
	case "inventory":
		settings["hosts"], settings["build-host"] = "", ""
	}
	return settings
}

// lockedKey returns a private key with a passphrase, in a format whose cipher
// is fast.
func lockedKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 keys of this form are what people have
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte("right"), x509.PEMCipherAES128)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// typed runs a verb of the command line with these settings.
func typed(ctx context.Context, verb config.Verb, settings map[string]string) (code int, said string) {
	w := newWorld(string(verb))
	w.env["HOME"], w.env["PATH"] = "/nonexistent", settings["PATH"]
	for _, s := range config.FlagsOf(verb) {
		value, given := settings[s.Name]
		switch {
		case inFile(s):
			w.env[envName(s)] = value
		case given:
			w.Args = append(w.Args, "--"+flagName(s)+"="+value)
		}
	}
	if places := config.PlacesOf(verb); len(places) > 0 {
		w.Args = append(w.Args, "--")
		for _, s := range places {
			w.Args = append(w.Args, settings[s.Name])
		}
	}
	code = commandLine(ctx, w.System)
	return code, w.out.String() + w.errOut.String()
}

// stepped runs a verb as an action, with these settings as its inputs.
func stepped(ctx context.Context, verb config.Verb, settings map[string]string) (code int, said string) {
	w := newWorld()
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		w.env[name] = os.DevNull
	}
	w.env["GITHUB_SERVER_URL"], w.env["GITHUB_REPOSITORY"], w.env["GITHUB_RUN_ID"] = "https://github.com", "apxr/apxr_io", "1"
	w.env["GITHUB_SHA"], w.env["PATH"] = strings.Repeat("a", 40), settings["PATH"]
	for _, s := range config.InputsOf(verb) {
		w.env["INPUT_"+strings.ToUpper(s.Name)] = settings[s.Name]
	}
	code = step(ctx, verb, w.System)
	return code, strings.ReplaceAll(w.out.String(), "%0A", "\n") + w.errOut.String()
}

// wrong has for each setting a value that is refused, and the message.
var wrong = map[string]struct{ value, says string }{
	"app":                  {"apxr", "for example apxr/apxr_io"},
	"build-host":           {"a b", "is not [user@]name[:port]"},
	"hosts":                {"web1:ssh", "which is not a number from 1 to 65535"},
	"host":                 {"$(id)", "is not [user@]name[:port]"},
	"expression":           {"a\x00b", "it has a NUL in it"},
	"unit":                 {"-rf", "is not the name of a systemd service, such as apxr_io.service"},
	"follow":               {"yes", "is neither true nor false"},
	"inventory":            {"a,b", "a list of servers is given as hosts"},
	"limit":                {"web9", "there is no host or group \"web9\"; there are 192.0.2."},
	"inventory-group":      {";", "is not the name of a group of the inventory, such as web-servers"},
	"ssh-key":              {"no key", "paste the whole file, from its BEGIN line to its END line"},
	"ssh-passphrase":       {"wrong", "it does not open the key"},
	"ssh-certificate":      {"$(id)", "paste the line in id_ed25519-cert.pub as it is"},
	"setup-user":           {"Root", "is not the name of a user"},
	"setup-key":            {"no key", "paste the whole file, from its BEGIN line to its END line"},
	"setup-passphrase":     {"wrong", "it does not open the key"},
	"setup-certificate":    {"$(id)", "paste the line in id_ed25519-cert.pub as it is"},
	"setup-vars":           {"[1, 2", "this is not a YAML mapping of lines slipway_NAME: value"},
	"check":                {"True", "is neither true nor false"},
	"ssh-agent":            {"agent", "is not the absolute path of a socket, such as SSH_AUTH_SOCK has"},
	"known-hosts":          {"web1", "give lines as ssh-keyscan HOST prints them"},
	"jump-hosts":           {"local", "leave it out"},
	"verbose":              {"3", "is not 0, 1 or 2"},
	"repository":           {"https://x:s3cr3t@github.com/x", "give it as git-token, or use deploy-keys"},
	"revision":             {"a..b", "is not a full commit ID, a branch or a tag"},
	"git-token":            {"a b", "Those are deploy-keys"},
	"deploy-keys":          {"no key", "a key starts with -----BEGIN in a line of its own"},
	"forward-agent":        {"1", "is neither true nor false"},
	"project-dir":          {"..", "is not a directory below the repository's top, such as apps/web"},
	"mix-env":              {"-prod", "is not the name of an environment of mix, such as prod"},
	"release":              {"a/b", "is not the name of a release in mix.exs, such as apxr_io"},
	"before-release":       {strings.Repeat("a", 40_000), "put it into a script of the repository"},
	"build-env":            {"hunter2", "line 1 is not NAME=VALUE"},
	"clean":                {"1", "is neither true nor false"},
	"incremental":          {"2", "is neither true nor false"},
	"wait-for-lock":        {"10", "is not a duration of 0s and up to 24h, such as 90s"},
	"keep-artifacts":       {"0", "is not a whole number of at least 1"},
	"keep-artifacts-for":   {"3 days", "is not a duration of 0s and up to 8760h, such as 90s"},
	"release-id":           {"latest", "is not a UTC time stamp like 20171114T072116"},
	"release-digest":       {"0123456789ab", "is not the digest of a release: it has 64 hexadecimal digits"},
	"expect-current":       {"latest", "is not a UTC time stamp like 20171114T072116"},
	"shard":                {"3/2", "the first number goes from 1 to the second"},
	"max-parallel":         {"0", "give at least 1"},
	"batch-pause":          {"2h", "is not a duration of 0s and up to 1h, such as 90s"},
	"max-failures":         {"-1", "is not a whole number of at least 0"},
	"deploy-to":            {"/opt", "is not an absolute path of at least two plain names, such as /opt/apxr/apxr_io"},
	"units":                {"apxr_io", "is not the name of a systemd service, such as apxr_io.service"},
	"restart-flag":         {"../x", "is not an absolute path of at least two plain names, such as /run/apxr_io/restart"},
	"restart-command":      {"a\x00b", "it has a NUL in it"},
	"env-file":             {"A=1\nA=2", "line 2: A is there twice"},
	"before-activate-once": {"a\x00b", "it has a NUL in it"},
	"migrate":              {"yes", "is neither true nor false"},
	"before-activate":      {"a\x00b", "it has a NUL in it"},
	"after-activate":       {strings.Repeat("a", 40_000), "put it into a script of the release"},
	"health-url":           {"http://example.com/", "name 127.0.0.1, localhost or [::1]"},
	"health-server-name":   {"127.0.0.1", "give the DNS name that the certificate is for, such as apxr.io"},
	"health-status":        {"99", "as in 200,204,300-399"},
	"health-body":          {"(a", "this is not a regular expression in the syntax of RE2"},
	"ports":                {"0", "is not a number from 1 to 65535"},
	"health-timeout":       {"soon", "is not a duration above 0 and up to 1h, such as 90s"},
	"settle":               {"-1s", "is not a duration of 0s and up to 1h, such as 90s"},
	"keep-releases":        {"1", "is not a whole number of at least 2: a rollback needs the release before"},
	"force":                {"yes", "is neither true nor false"},
	"dry-run":              {"1", "is neither true nor false"},
	"environment":          {"a\nb", "one line of up to 255 characters"},
	"comment":              {"maybe", "is neither true nor false"},
	"deployments":          {"1", "is neither true nor false"},
	"environment-url":      {"ftp://x/", "this is not an http or https URL without a user, such as"},
	"rollback-workflow":    {"../x.yml", "is not the file name of a workflow, such as rollback.yml, or none"},
	"format":               {"xml", "is not text or json"},
}

// anything lists the settings that accept every value: only other programs can
// check them.
var anything = []string{"vault-password", "git-known-hosts", "github-token"}

func TestEverySettingHasAValueThatIsRefused(t *testing.T) {
	for _, s := range config.Settings {
		if _, there := wrong[s.Name]; there == slices.Contains(anything, s.Name) {
			t.Errorf("%s is in both tables of this test, or in none", s.Name)
		}
	}
}

// way is one way to give settings.
type way struct {
	name     string
	settings func(config.Verb) []config.Setting
	run      func(context.Context, config.Verb, map[string]string) (code int, said string)
}

func byHand(v config.Verb) []config.Setting {
	return slices.DeleteFunc(config.Of(v), func(s config.Setting) bool { return s.InRun })
}

// ways returns the ways to run a verb.
func ways(v config.VerbInfo) []way {
	all := []way{{"by hand", byHand, typed}}
	if v.Action != nil {
		all = append(all, way{"as an action", config.InputsOf, stepped})
	}
	return all
}

// refused checks that a setting is the reason why a run did not begin.
func refused(t *testing.T, name, said string) {
	t.Helper()
	if !strings.Contains(said, "nothing was changed:\n  ") || !strings.Contains(said, "\n  "+name+": ") {
		t.Errorf("it names no mistake in %s:\n%.1000s", name, said)
	}
}

// begun checks that a run ended at its first connection to a server.
func begun(t *testing.T, said string) {
	t.Helper()
	if !strings.Contains(said, "cancel") && !strings.Contains(said, "a console needs a terminal") {
		t.Errorf("it has not come as far as the servers:\n%.1000s", said)
	}
}

// clean checks that the output shows nothing secret.
func clean(t *testing.T, s config.Setting, value, said string) {
	t.Helper()
	words := []string{"%!", "\x1b", "goroutine "}
	if s.Type == config.Secret || strings.HasSuffix(s.Name, "-url") || s.Name == "repository" {
		words = append(words, "hunter2")
	}
	if s.Type == config.Secret && len(value) > 7 {
		words = append(words, value)
	}
	for _, word := range words {
		if strings.Contains(said, word) {
			t.Errorf("it says %q:\n%.1000s", word, said)
		}
	}
}

func TestAMistakeNamesItsSettingAndWhatIsRight(t *testing.T) {
	settings, ctx := complete(t), cancelled(t)
	for _, v := range config.Verbs {
		for _, way := range ways(v) {
			for _, s := range way.settings(v.Verb) {
				if slices.Contains(anything, s.Name) {
					continue
				}
				given := counting(t, s.Name, settings)
				given[s.Name] = wrong[s.Name].value
				code, said := way.run(ctx, v.Verb, given)
				t.Run(fmt.Sprint(v.Verb, " ", way.name, " ", s.Name), func(t *testing.T) {
					refused(t, s.Name, said)
					if code != exitUsage || !strings.Contains(said, wrong[s.Name].says) || strings.Contains(said, "s3cr3t") {
						t.Errorf("exit %d, and it does not say %q:\n%.1000s", code, wrong[s.Name].says, said)
					}
				})
			}
		}
	}
}

func TestAllMistakesComeTogether(t *testing.T) {
	ctx := cancelled(t)
	// An invalid key has no passphrase, an inventory replaces hosts, and a limit picks
	// of valid ones.
	unasked := append([]string{"ssh-passphrase", "setup-passphrase", "ssh-agent", "inventory", "limit"}, anything...)
	for _, v := range config.Verbs {
		for _, way := range ways(v) {
			given := complete(t)
			for _, s := range way.settings(v.Verb) {
				given[s.Name] = wrong[s.Name].value
			}
			given["inventory"] = ""
			code, said := way.run(ctx, v.Verb, given)
			for _, s := range way.settings(v.Verb) {
				if !slices.Contains(unasked, s.Name) && (code != exitUsage || !strings.Contains(said, "\n  "+s.Name+": ") || !strings.Contains(said, wrong[s.Name].says)) {
					t.Errorf("%s %s: exit %d, and it does not say of %s: %q:\n%s", v.Verb, way.name, code, s.Name, wrong[s.Name].says, said)
				}
			}
		}
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// alsoNames lists, for a setting, others whose name a mistake may have.
var alsoNames = map[string][]string{
	"ssh-passphrase": {"ssh-key"}, "setup-passphrase": {"setup-key"}, "ssh-agent": {"ssh-key", "setup-key"},
	"health-timeout": {"settle"}, "deployments": {"github-token"}, "inventory": {"hosts"},
}

// TestHostileSettings gives every setting of every verb hostile values, by hand and
// to an action. The first verb that has the setting gets all of them, each other
// verb one in fifteen.
func TestHostileSettings(t *testing.T) {
	settings, ctx := complete(t), cancelled(t)
	had := map[string]bool{}
	for n, v := range config.Verbs {
		for _, way := range ways(v) {
			given := map[string][]string{} // the values given so far
			for _, s := range way.settings(v.Verb) {
				given[s.Name] = some(n, had[way.name+s.Name])
				had[way.name+s.Name] = true
			}
			t.Run(fmt.Sprint(v.Verb, " ", way.name), func(t *testing.T) {
				t.Parallel()
				for _, s := range way.settings(v.Verb) {
					settings := counting(t, s.Name, settings)
					for _, what := range given[s.Name] {
						settings[s.Name] = hostile[what]
						code, said := way.run(ctx, v.Verb, settings)
						judge(t, s, what, code, said)
					}
				}
			})
		}
	}
}

// some returns the names of all hostile values, or of every fifteenth from the nth.
func some(n int, fewer bool) (names []string) {
	for i, what := range slices.Sorted(maps.Keys(hostile)) {
		if !fewer || i%15 == n%15 {
			names = append(names, what)
		}
	}
	return names
}

// judge checks that a hostile value was harmless, or refused in plain words.
func judge(t *testing.T, s config.Setting, what string, code int, said string) {
	t.Helper()
	failed := t.Failed()
	clean(t, s, hostile[what], said)
	named := func(name string) bool { return strings.Contains(said, "\n  "+name+": ") }
	switch {
	case code == exitFailed:
		begun(t, said)
	case code != exitUsage:
		t.Errorf("exit %d:\n%.1000s", code, said)
	case !slices.ContainsFunc(alsoNames[s.Name], named):
		refused(t, s.Name, said)
	}
	if t.Failed() && !failed {
		t.Errorf("that was %s: %s (%.100q)", s.Name, what, hostile[what])
	}
}
