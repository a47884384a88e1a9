//go:build full

package hosts

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// Whatever a setting is, the run ends by itself, and the host is as it was.
func TestHostileSettings(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	// Whatever is let through ends here at the latest, after all findings.
	misfit := w.misfit(func(m *release.Manifest, _ *release.File) { m.Arch = "riscv64" })
	encrypted := w.key("right")
	beside := map[string][]string{ // what makes a setting count
		"ssh-passphrase":     {"SLIPWAY_SSH_KEY=" + encrypted.private},
		"ssh-agent":          {"SLIPWAY_SSH_KEY_FILE="},
		"health-server-name": {"SLIPWAY_HEALTH_URL=https://127.0.0.1:4001/health"},
	}
	before := w.State()
	for _, s := range config.Of(config.Deploy) {
		if slices.Contains([]string{"restart-command", "before-activate", "after-activate"}, s.Name) {
			continue // commands by design
		}
		w.sub(s.Name, func(w *webHost) {
			for what, value := range hostile {
				words := append(slices.Clone(beside[s.Name]), "deploy", "SLIPWAY_RELEASE_ID="+string(misfit), variable(s)+"="+value)
				r := w.Slipway(words...)
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
	w.Same(before)
	w.unmarked()
}

// variable returns the setting's name in the environment of the command line.
func variable(s config.Setting) string {
	name := s.Name
	if s.Name == "env-file" { // the variable with its text, not that with the file's name
		name = "env"
	}
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Each value is tried in each field of a manifest. Those that no manifest may have
// are refused, all by one message; with the others a release
// is deployed like any.
func TestHostileManifests(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	plain, running := w.manifest(w.good()), w.current()
	for _, what := range slices.Sorted(maps.Keys(hostile)) {
		w.sub(what, func(w *webHost) {
			fine, refused := sorted(plain, hostile[what])
			before := w.State()
			r := w.Slipway(world.DeployOf(w.Put(light.Release{ID: fresh(), Change: all(refused)}))...)
			w.Red(1, r, "manifest: ")
			w.silent(r, "\x1b")
			if n := strings.Count(r.Stderr, "manifest: "); n < len(refused) {
				w.Errorf("%d lines for %d fields:\n%s", n, len(refused), r.Stderr)
			}
			machine := func(f field) bool { return f.name == "os" || f.name == "arch" }
			if slices.ContainsFunc(fine, machine) {
				r := w.Slipway(world.DeployOf(w.Put(light.Release{ID: fresh(), Change: all(fine)}))...)
				w.Red(1, r, "the release was built for ")
				w.silent(r, "\x1b")
				fine = slices.DeleteFunc(fine, machine)
			}
			w.Same(before)
			if len(fine) == 0 {
				return
			}
			running = w.Put(light.Release{ID: fresh(), Change: all(fine)})
			w.OK(world.DeployOf(running)...)
		})
	}
	w.runs(running)
	for _, verb := range []string{"history", "releases", "artifacts"} {
		w.silent(w.Slipway(verb), "\x1b")
	}
	w.OK("rollback")
	w.unmarked()
}

// Names of files are deployed as they are.
func TestHostileNames(t *testing.T) {
	w := newWorld(t)
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
		w.OK(world.DeployOf(w.Put(light.Release{ID: fresh(), Files: files}), "--keep-releases", "2")...)
	}
	w.OK("rollback")
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

// sorted tells which fields of a manifest may have the value, by trying them one
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
		if f := kind.Field(i); !f.IsExported() || f.Type.Kind() != reflect.String {
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
