package script

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// decoded runs the prelude with one argument and prints what main gets.
func decoded(t testing.TB, shell, value string) string {
	t.Helper()
	command, err := args{{"value", value}}.command("step", "MARK")
	if err != nil {
		t.Fatal(err)
	}
	prelude, err := files.ReadFile("sh/prelude.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell, "-c", command)
	cmd.Stdin = strings.NewReader(string(prelude) + "main() { printf '%s' \"$value\" >&3; }\nstart \"$@\" </dev/null\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	return strings.TrimPrefix(string(out), "MARKbegan\n")
}

var hostile = []string{
	"", "plain", "two words", `"quotes" 'and more'`, "$(touch /tmp/x) `id` $HOME", "-n", "--", "../../etc",
	`back\slash \0101 \n`, "tab\there", "ünïcödé ☃", "!! !$ history", "a=b;c|d&e>f<g", "*?[a-z]{1,2}~#", "_057",
	"trailing space ", strings.Repeat("x", 10_000), strings.Repeat("_/ü", 100), strings.Repeat(`\_1`, 5000), "\x01\x7f\xff",
}

// loginShells returns the shells to which sshd may pass a command line.
func loginShells(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, shell := range []string{"sh", "dash", "bash", "fish", "tcsh"} {
		if _, err := exec.LookPath(shell); err == nil {
			found = append(found, shell)
		} else if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: make test installs it", shell)
		}
	}
	return found
}

func TestArgumentsArriveAsTheyAre(t *testing.T) {
	for _, shell := range loginShells(t) {
		for _, value := range hostile {
			if got := decoded(t, shell, value); got != value {
				t.Errorf("%s: sent %.60q, arrived %.60q", shell, value, got)
			}
		}
	}
}

func TestArgumentsThatNoCommandLineCarriesAreRefused(t *testing.T) {
	for _, value := range []string{"a\nb", "a\x00b"} {
		if _, err := (args{{"value", value}}).command("step", "MARK"); err == nil {
			t.Errorf("%q was accepted", value)
		}
	}
}

func FuzzArguments(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	shells := loginShells(f)
	f.Fuzz(func(t *testing.T, value string) {
		if len(value) > 20_000 || strings.ContainsAny(value, "\x00\n") {
			return
		}
		for _, shell := range shells {
			if got := decoded(t, shell, value); got != value {
				t.Errorf("%s: sent %q, arrived %q", shell, value, got)
			}
		}
	})
}

// Texts on standard input may have line breaks. Those at the end are cut off.
func FuzzTexts(f *testing.F) {
	for _, value := range hostile {
		f.Add(value + "\nsecond line\n")
	}
	f.Fuzz(func(t *testing.T, value string) {
		if len(value) > 20_000 || strings.Contains(value, "\x00") {
			return
		}
		var got string
		c := call{script: "prepare", input: text(value), onFact: func(_, value string) { got += value }}
		m := withMain(`receive; fact text "$(printf '%s' "$text" | base64 -w 0)"`)
		if err := c.run(t.Context(), m); err != nil {
			t.Fatalf("%.60q: %v", value, err)
		}
		if arrived, err := base64.StdEncoding.DecodeString(got); err != nil || string(arrived) != strings.TrimRight(value, "\n") {
			t.Errorf("sent %.60q, arrived %.60q (%v)", value, arrived, err)
		}
	})
}
