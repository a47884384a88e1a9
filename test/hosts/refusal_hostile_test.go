package hosts

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

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
	return w.root("ls -laR --time-style=+ /home /root /opt/apxr --ignore=shop --ignore=.ssh; ls /tmp --ignore='systemd-private-*'; sha256sum /etc/passwd /etc/shadow /etc/sudoers.d/*")
}

func (w *world) hostileSettings() {
	// Whatever is let through ends here at the latest, after all findings.
	misfit := w.misfit()
	encrypted := w.key("right")
	beside := map[string][]string{ // what makes a setting count
		"ssh-passphrase":     {"SLIPWAY_SSH_KEY=" + encrypted.private},
		"ssh-agent":          {"SLIPWAY_SSH_KEY_FILE="},
		"health-server-name": {"SLIPWAY_HEALTH_URL=https://127.0.0.1:4001/health"},
	}
	before := w.state()
	for _, s := range config.Of(config.Deploy) {
		if slices.Contains([]string{"restart-command", "before-activate", "after-activate"}, s.Name) {
			continue // commands by design
		}
		w.sub(s.Name, func(w *world) {
			for what, value := range hostile {
				words := append([]string{"deploy", "SLIPWAY_RELEASE_ID=" + string(misfit)}, beside[s.Name]...)
				r := w.run(append(words, variable(s)+"="+value)...)
				if r.Code != 1 && r.Code != 2 {
					w.Errorf("%s: exit %d", what, r.Code)
				}
				w.silent(r, "\x1b")
				if s.Type == config.Secret && len(value) > 3 {
					w.silent(r, value)
				}
			}
		})
	}
	w.same(before)
}

// variable is the setting's name in the environment of the command line.
func variable(s config.Setting) string {
	name := s.Name
	if s.Name == "env-file" { // the variable with its text, not that with the file's name
		name = "env"
	}
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// hostileVariables reach the application as they are.
func (w *world) hostileVariables() {
	var all strings.Builder
	for _, what := range slices.Sorted(maps.Keys(hostile)) {
		all.WriteString(hostile[what] + "\n")
	}
	want := strings.TrimSuffix(all.String(), "\n")
	w.ok("deploy", "--release-id", string(w.good()), "SLIPWAY_ENV=GREETING<<END\n"+want+"\nEND\n")
	if got := w.answer().Greeting; got != want {
		w.Errorf("the application has %q, want %q", got, want)
	}
	w.ok("deploy", "--release-id", string(w.good()), "SLIPWAY_ENV=# none\n")
}

// hostileManifests have each value in each field. Those that no
// manifest may have are refused, all by one message; with the others a release
// is deployed like any.
func (w *world) hostileManifests() {
	plain, running := w.manifest(w.good()), w.current()
	for _, what := range slices.Sorted(maps.Keys(hostile)) {
		w.sub(what, func(w *world) {
			fine, refused := sorted(plain, hostile[what])
			before := w.state()
			r := w.run("deploy", "--release-id", string(w.put(light.Release{ID: fresh(), Change: all(refused)})))
			w.red(1, r, "manifest: ")
			w.silent(r, "\x1b")
			if n := strings.Count(r.Stderr, "manifest: "); n < len(refused) {
				w.Errorf("%d lines for %d fields:\n%s", n, len(refused), r.Stderr)
			}
			machine := func(f field) bool { return f.name == "os" || f.name == "arch" }
			if slices.ContainsFunc(fine, machine) {
				r := w.run("deploy", "--release-id", string(w.put(light.Release{ID: fresh(), Change: all(fine)})))
				w.red(1, r, "the release was built for ")
				w.silent(r, "\x1b")
				fine = slices.DeleteFunc(fine, machine)
			}
			w.same(before)
			if len(fine) == 0 {
				return
			}
			running = w.put(light.Release{ID: fresh(), Change: all(fine)})
			w.ok("deploy", "--release-id", string(running))
		})
	}
	w.runs(running)
	for _, verb := range []string{"history", "releases", "artifacts"} {
		w.silent(w.run(verb), "\x1b")
	}
	w.ok("rollback")
}

// hostileNames of files are deployed as they are.
func (w *world) hostileNames() {
	plain, files := w.manifest(w.good()), map[string]string{}
	for _, value := range hostile {
		plain.Files = []release.File{{Path: value, Kind: release.Dir}}
		if plain.Validate() == nil {
			files[value] = "x"
			files["lib/"+value] = "y"
		}
	}
	for _, must := range []string{"a command", "a flag", "a short flag", "quotes"} {
		if files[hostile[must]] == "" {
			w.Errorf("no file is named %q: this tests less than it should", hostile[must])
		}
	}
	for range 3 { // the third one prunes the first
		w.ok("deploy", "--release-id", string(w.put(light.Release{ID: fresh(), Files: files})), "--keep-releases", "2")
	}
	w.ok("rollback")
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
