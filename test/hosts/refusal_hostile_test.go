package hosts

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// mark is what a value makes, here or on the host, if something executes it.
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
func (w *world) unmarked() {
	w.Helper()
	here, err := filepath.Glob(mark + "*")
	w.must(err)
	there := w.root("ls -d " + mark + "* /opt/*hostile* /home/deploy/*hostile* 2>/dev/null || true")
	if len(here) > 0 || there != "" {
		w.Errorf("a value was executed: there is %q here, %q on the host", here, there)
	}
}

// outside is what lies around the application on the host.
func (w *world) outside() string {
	w.Helper()
	return w.root("ls -laR --time-style=+ /home /root /opt/apxr --ignore=shop --ignore=.ssh; ls /tmp; sha256sum /etc/passwd /etc/shadow /etc/sudoers.d/*")
}

func TestHostileSettingsDoNothing(t *testing.T) {
	w, running, _ := ready(t)
	// Whatever is let through ends at the latest here, after all findings.
	misfit := w.put(light.Release{ID: light.At(9), Change: func(m *release.Manifest) { m.Arch = "riscv64" }})
	encrypted := w.key("right")
	beside := map[string][]string{ // what makes a setting count
		"ssh-passphrase":     {"SLIPWAY_SSH_KEY=" + encrypted.private},
		"ssh-agent":          {"SLIPWAY_SSH_KEY_FILE="},
		"health-server-name": {"SLIPWAY_HEALTH_URL=https://127.0.0.1:4001/health"},
	}
	before, outside := w.state(), w.outside()
	for _, s := range config.Of(config.Deploy) {
		if slices.Contains([]string{"restart-command", "before-activate", "after-activate"}, s.Name) {
			continue // commands by design
		}
		t.Run(s.Name, func(t *testing.T) {
			v := *w
			v.T = t
			for what, value := range hostile {
				words := append([]string{"deploy", "SLIPWAY_RELEASE_ID=" + string(misfit)}, beside[s.Name]...)
				r := v.run(append(words, variable(s)+"="+value)...)
				if r.Code != 1 && r.Code != 2 {
					t.Errorf("%s: exit %d", what, r.Code)
				}
				v.silent(r, "\x1b")
				if s.Type == config.Secret && len(value) > 3 {
					v.silent(r, value)
				}
			}
		})
	}
	w.same(before)
	if after := w.outside(); after != outside {
		t.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
	}
	w.unmarked()
	w.runs(running)
}

// variable is the setting's name in the environment of the command line.
func variable(s config.Setting) string {
	name := s.Name
	if s.Name == "env-file" { // the variable with its text, not that with the file's name
		name = "env"
	}
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func TestHostileVariablesReachTheApplicationAsTheyAre(t *testing.T) {
	w, _, next := ready(t)
	var all strings.Builder
	for _, what := range slices.Sorted(maps.Keys(hostile)) {
		all.WriteString(hostile[what] + "\n")
	}
	want := strings.TrimSuffix(all.String(), "\n")
	w.ok("deploy", "--release-id", string(next), "SLIPWAY_ENV=GREETING<<END\n"+want+"\nEND\n")
	if got := w.answer().Greeting; got != want {
		t.Errorf("the application has %q, want %q", got, want)
	}
	w.unmarked()
}

// TestHostileManifestsDoNothing has each value in each field. Those that no
// manifest may have are refused, all by one message; with the others a release
// is deployed like any.
func TestHostileManifestsDoNothing(t *testing.T) {
	w, running, _ := ready(t)
	plain, outside, n := w.manifest(running), w.outside(), 30
	for _, what := range slices.Sorted(maps.Keys(hostile)) {
		t.Run(what, func(t *testing.T) {
			v := *w
			v.T = t
			fine, refused := sorted(plain, hostile[what])
			n++
			before := v.state()
			r := v.run("deploy", "--release-id", string(v.put(light.Release{ID: light.At(n), Change: all(refused)})))
			v.red(1, r, "manifest: ")
			v.silent(r, "\x1b")
			for _, f := range refused {
				if n := strings.Count(r.Stderr, "manifest: "); n < len(refused) {
					t.Errorf("%d lines for %d refused fields, %s among them:\n%s", n, len(refused), f.name, r.Stderr)
					break
				}
			}
			v.same(before)
			for _, misfit := range []string{"os", "arch"} {
				if i := slices.IndexFunc(fine, func(f field) bool { return f.name == misfit }); i >= 0 {
					n++
					r := v.run("deploy", "--release-id", string(v.put(light.Release{ID: light.At(n), Change: fine[i].set})))
					v.red(1, r, "the release was built for ")
					v.silent(r, "\x1b")
					fine = slices.Delete(fine, i, i+1)
				}
			}
			v.same(before)
			if len(fine) == 0 {
				return
			}
			n++
			running = v.put(light.Release{ID: light.At(n), Change: all(fine)})
			v.ok("deploy", "--release-id", string(running))
			for _, verb := range []string{"history", "releases", "artifacts"} {
				v.silent(v.run(verb), "\x1b")
			}
			v.runs(running)
		})
	}
	w.runs(running)
	if after := w.outside(); after != outside {
		t.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
	}
	w.unmarked()
}

func TestHostileNamesOfFilesAreDeployedAsTheyAre(t *testing.T) {
	w, running, _ := ready(t)
	plain, files := w.manifest(running), map[string]string{}
	for _, value := range hostile {
		plain.Files = []release.File{{Path: value, Kind: release.Dir}}
		if plain.Validate() == nil {
			files[value] = "x"
			files["lib/"+value] = "y"
		}
	}
	for _, must := range []string{hostile["a command"], hostile["a flag"], hostile["a short flag"], hostile["quotes"]} {
		if files[must] == "" {
			t.Errorf("no file is named %q: this tests less than it should", must)
		}
	}
	outside := w.outside()
	for n := range 3 { // the third one prunes the first
		running = w.put(light.Release{ID: light.At(2 + n), Files: files})
		w.ok("deploy", "--release-id", string(running), "--keep-releases", "2")
	}
	w.runs(running)
	w.ok("rollback")
	if after := w.outside(); after != outside {
		t.Errorf("around the application it was\n%s\nand is\n%s", outside, after)
	}
	w.unmarked()
}

// field is a field of a manifest with a hostile value.
type field struct {
	name string
	set  func(*release.Manifest)
}

func all(fields []field) func(*release.Manifest) {
	return func(m *release.Manifest) {
		for _, f := range fields {
			f.set(m)
		}
	}
}

// sorted says which fields of a manifest may have the value, by trying them one
// by one: every text of the manifest, and of an entry that is one more.
func sorted(plain release.Manifest, value string) (fine, refused []field) {
	for _, f := range append(texts(value), entries(value)...) {
		m := plain
		m.Files = slices.Clone(m.Files)
		f.set(&m)
		data, err := m.JSON()
		if err == nil {
			_, err = release.ParseManifest(data)
		}
		if err != nil {
			refused = append(refused, f)
		} else if !strings.HasPrefix(f.name, "files.") { // an entry that is fine is not in the tree
			fine = append(fine, f)
		}
	}
	return fine, refused
}

func texts(value string) (fields []field) {
	kind := reflect.TypeFor[release.Manifest]()
	for i := range kind.NumField() {
		if kind.Field(i).Type.Kind() != reflect.String {
			continue
		}
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		fields = append(fields, field{name, func(m *release.Manifest) { reflect.ValueOf(m).Elem().Field(i).SetString(value) }})
	}
	return fields
}

func entries(value string) (fields []field) {
	sum := strings.Repeat("0", 64)
	for name, f := range map[string]release.File{
		"path":   {Path: value, Kind: release.Regular, SHA256: sum},
		"kind":   {Path: "hostile/kind", Kind: release.Kind(value)},
		"sha256": {Path: "hostile/sum", Kind: release.Regular, SHA256: value},
		"target": {Path: "hostile/link", Kind: release.Link, Target: value},
		"needs":  {Path: "hostile/needs", Kind: release.Regular, SHA256: sum, Needs: []string{value}},
		"glibc":  {Path: "hostile/glibc", Kind: release.Regular, SHA256: sum, Glibc: value},
	} {
		fields = append(fields, field{"files." + name, func(m *release.Manifest) { m.Files = append(m.Files, f) }})
	}
	return fields
}

// manifest reads the manifest of an artifact.
func (w *world) manifest(id release.ID) release.Manifest {
	w.Helper()
	data, err := os.ReadFile(filepath.Join(w.tree(id), "..", "manifest.json"))
	w.must(err)
	m, err := release.ParseManifest(data)
	w.must(err)
	return m
}

// tree is where the files of an artifact lie on the build server.
func (w *world) tree(id release.ID) string {
	return filepath.Join(w.home, "slipway", shop.Org, shop.Name, "artifacts", string(id), "tree")
}
