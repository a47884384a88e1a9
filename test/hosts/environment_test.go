package hosts

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// env makes an environment file and returns the flag for it.
func (w *world) env(text string) []string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "environment")
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return []string{"--env-file", path}
}

func (w *world) greets(id release.ID, greeting string) {
	w.Helper()
	w.runs(id)
	if got := w.answer().Greeting; got != greeting {
		w.Errorf("it greets with %q, want %q", got, greeting)
	}
}

// process is the environment of the application's process.
func (w *world) process() map[string]string {
	w.Helper()
	data, err := base64.StdEncoding.DecodeString(w.root("base64 -w0 /proc/$(systemctl show --property=MainPID --value " + unit + ")/environ"))
	w.must(err)
	all := map[string]string{}
	for pair := range strings.SplitSeq(string(data), "\x00") {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}

func (w *world) invocation() string {
	return w.root("systemctl show --property=InvocationID,MainPID " + unit)
}

func TestTheEnvironmentGoesWithTheRelease(t *testing.T) {
	w := anyWorld(t)
	first := w.deploy(1, w.env("GREETING=one\n")...)
	w.greets(first, "one")
	if got := w.root("stat -c '%a %U:%G' " + base + "/activations/*/environment"); got != "640 deploy:shop" {
		t.Errorf("the file is %s", got)
	}
	second := w.deploy(2, w.env("GREETING=two\n")...)
	w.greets(second, "two")
	w.ok("rollback")
	w.greets(first, "one")

	// Neither a failing release nor a failing environment leaves anything of its own.
	w.red(1, w.run(append([]string{"deploy", "--release-id", string(w.artifact(3, light.Way{Status: 500})), "--health-timeout", "2s"}, w.env("GREETING=three\n")...)...), "answers 500", "put back")
	w.greets(first, "one")
	w.red(1, w.run(append([]string{"deploy", "--release-id", string(first), "--health-timeout", "2s"}, w.env("GREETING=four\nPORT=4009\n")...)...), "no answer", "put back")
	w.greets(first, "one")
	if got := w.root("cat " + base + "/activations/*/environment"); strings.Contains(got, "three") || strings.Contains(got, "four") {
		t.Errorf("the environments of what failed are still there:\n%s", got)
	}

	w.greets(w.deploy(4), "one") // none given: that of the host stays
	w.greets(w.deploy(5, w.env("# none any more\n")...), "")
	if got := w.root("readlink " + base + "/current"); strings.Contains(got, "activations") {
		t.Errorf("current is %s", got)
	}
	w.ok("rollback")
	w.greets(light.At(4), "one")
}

func TestAChangedEnvironmentIsAnActivation(t *testing.T) {
	w := anyWorld(t)
	id := w.deploy(1, w.env("GREETING=one\n")...)
	again := func(words ...string) string {
		return w.ok(append([]string{"deploy", "--release-id", string(id)}, words...)...)
	}
	before, state := w.invocation(), w.state()
	for _, words := range [][]string{w.env("GREETING=one\n"), w.env("# the same\nexport GREETING='one'\n"), nil} {
		if out := again(words...); !strings.Contains(out, "had nothing to change") || w.invocation() != before {
			t.Errorf("%q: %s", words, out)
		}
	}
	if w.state() != state {
		t.Errorf("%s\nis now\n%s", state, w.state())
	}
	again(w.env("GREETING=two\n")...)
	w.greets(id, "two")
	if w.invocation() == before {
		t.Error("the unit was not restarted")
	}
	w.ok("rollback")
	w.greets(id, "one")
}

func TestValuesArriveExactly(t *testing.T) {
	w := anyWorld(t)
	want := map[string]string{
		"GREETING": `it's "quoted" $(touch /tmp/pwned) ${HOME} \n %d ` + "`id`" + ` * ~ ;&|#`, "LINES2": "first\n  second 'line'\n\n$HOME\nlast",
		"EMPTY": "", "BLANKS": "  a  b ", "UNICODE": "Grüße 日本語", "EQUALS": "a=b=c", "LONG": strings.Repeat("x'\"$", 4000),
	}
	var text strings.Builder
	for name, value := range want {
		text.WriteString(name + "<<THE_END\n" + value + "\nTHE_END\n")
	}
	id := w.deploy(1, w.env(text.String())...)
	w.greets(id, want["GREETING"])
	got := w.process()
	for name, value := range want {
		if v, ok := got[name]; !ok || v != value {
			t.Errorf("%s is %q, want %q", name, v, value)
		}
	}
	w.root("! ls /tmp/pwned /tmp/systemd-private-*/tmp/pwned 2>/dev/null")
}

func TestPruneKeepsTheActivationsOfWhatItKeeps(t *testing.T) {
	w := anyWorld(t)
	keep := []string{"--keep-releases", "2"}
	var ids []release.ID
	for n, greeting := range []string{"one", "two", "three", "four"} {
		ids = append(ids, w.deploy(n+1, append(w.env("GREETING="+greeting+"\n"), keep...)...))
		if n == 2 { // what a failed deploy has left goes too
			w.red(1, w.run(append([]string{"deploy", "--release-id", string(w.artifact(20, light.Way{Exit: status(1)}))}, w.env("GREETING=bad\n")...)...), "put back")
		}
	}
	left := strings.Fields(w.root("cd " + base + "/activations && for a in *; do basename $(readlink $a/release); done"))
	if slices.Sort(left); !slices.Equal(left, []string{string(ids[2]), string(ids[3])}) {
		t.Errorf("there are activations of %s", left)
	}
	if got := w.root("cat " + base + "/activations/*/environment"); strings.Contains(got, "bad") || strings.Contains(got, "one") {
		t.Errorf("left over: %s", got)
	}
	w.ok("rollback")
	w.greets(ids[2], "three")
}
