package script

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// decoded runs the prelude with one argument and prints what main gets.
func decoded(t testing.TB, shell, value string) string {
	t.Helper()
	command, err := args{{"value", value}}.command()
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
	return string(out)
}

var hostile = []string{
	"", "plain", "two words", `"quotes" 'and more'`, "$(touch /tmp/x) `id` $HOME", "-n", "--", "../../etc",
	`back\slash \0101 \n`, "tab\there", "ünïcödé ☃", "!! !$ history", "a=b;c|d&e>f<g", "*?[a-z]{1,2}~#", "_057",
	"trailing space ", strings.Repeat("x", 10_000), "\x01\x7f\xff",
}

func TestArgumentsArriveAsTheyAre(t *testing.T) {
	for _, value := range hostile {
		if got := decoded(t, "sh", value); got != value {
			t.Errorf("sent %.60q, arrived %.60q", value, got)
		}
	}
}

func TestArgumentsThatNoCommandLineCarriesAreRefused(t *testing.T) {
	for _, value := range []string{"a\nb", "a\x00b"} {
		if _, err := (args{{"value", value}}).command(); err == nil {
			t.Errorf("%q was accepted", value)
		}
	}
}

func FuzzArguments(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if len(value) > 20_000 || strings.ContainsAny(value, "\x00\n") {
			return
		}
		if got := decoded(t, "sh", value); got != value {
			t.Errorf("sent %q, arrived %q", value, got)
		}
	})
}
