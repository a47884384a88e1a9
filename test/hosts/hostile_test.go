package hosts

import (
	"encoding/base64"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// mark is the file that a value makes, here or on the host, if something executes it.
const mark = "/tmp/slipway-hostile"

// hostile values, by what they try.
var hostile = map[string]string{
	"a command":      "$(touch " + mark + ")",
	"backquotes":     "`touch " + mark + "`",
	"quotes":         `'"; touch ` + mark + `; "'`,
	"lines":          "a\ntouch " + mark + "\nb=c",
	"a way up":       "../../../../.." + mark,
	"a flag":         "--checkpoint-action=exec=touch " + mark,
	"a short flag":   "-rf",
	"other scripts":  "ünïcödé ☃ \u202egnp.exe",
	"a format":       "%s%n%[9]d",
	"a terminal":     "\x1b[2J\x1b]0;x\a",
	"far too much":   strings.Repeat("a", 10<<10),
	"several fields": "a\tb c,d|e",
}

// unmarked checks that nothing was executed on this machine or on the host.
func (w *webHost) unmarked() {
	w.Helper()
	here, err := filepath.Glob(mark + "*")
	w.Must(err)
	there := w.root("ls -d " + mark + "* /opt/*hostile* /home/deploy/*hostile* 2>/dev/null || true")
	if len(here) > 0 || there != "" {
		w.Errorf("a value was executed: there is %q here, %q on the host", here, there)
	}
}

// outside lists what is around the application on the host.
func (w *webHost) outside() string {
	w.Helper()
	return w.root("ls -laR --time-style=+ /home /root /opt/apxr --ignore=shop --ignore=.ssh; ls /tmp --ignore='systemd-private-*'; sha256sum /etc/passwd /etc/shadow /etc/sudoers.d/*")
}

// Hostile words reach a script, the application and the disk as words: nothing
// runs them. That settings are refused before any connection is tested in package
// app, with all settings; "make full" tries them all against a host.
func TestHostileWordsAreWords(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	outside, before := w.outside(), w.State()
	// One that ends before any connection, and one that the host's scripts get.
	w.Red(2, w.Slipway(world.DeployOf(w.good(), "SLIPWAY_DEPLOY_TO="+hostile["a command"])...), "deploy-to: ")
	w.Red(1, w.Slipway(world.DeployOf("20300101T000000", "USER="+hostile["quotes"], "SLIPWAY_HEALTH_BODY="+hostile["backquotes"])...), "no artifact")
	w.Same(before)

	files := map[string]string{}
	for _, name := range []string{"a command", "a flag", "a short flag", "quotes", "other scripts"} {
		files[hostile[name]], files["lib/"+hostile[name]] = "x", "y"
	}
	values := map[string]string{
		"GREETING": strings.Join(slices.Sorted(maps.Values(hostile)), "\n"), "LINES2": "first\n  second 'line'\n\n$HOME\nlast",
		"EMPTY": "", "BLANKS": "  a  b ", "EQUALS": "a=b=c", "LONG": strings.Repeat("x'\"$", 4000),
	}
	var env strings.Builder
	for name, value := range values {
		env.WriteString(name + "<<THE_END\n" + value + "\nTHE_END\n")
	}
	id := w.Put(light.Release{ID: fresh(), Files: files})
	w.OK(world.DeployOf(id, append(w.env(env.String()), "USER="+hostile["quotes"])...)...)
	w.greets(id, values["GREETING"])
	got := w.process()
	for name, value := range values {
		if v, ok := got[name]; !ok || v != value {
			t.Errorf("%s is %q, want %q", name, v, value)
		}
	}
	w.silent(w.OK("history"), "\x1b")
	w.unmarked()
	if after := w.outside(); after != outside {
		t.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
	}
}

// process returns the environment of the application's process.
func (w *webHost) process() map[string]string {
	w.Helper()
	data, err := base64.StdEncoding.DecodeString(w.root("base64 -w0 /proc/$(systemctl show --property=MainPID --value " + unit + ")/environ"))
	w.Must(err)
	all := map[string]string{}
	for pair := range strings.SplitSeq(string(data), "\x00") {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
