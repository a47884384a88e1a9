package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onMachine runs the shell functions that make inventories on real machines.
func onMachine(t *testing.T, dir, command string) string {
	t.Helper()
	var functions []byte
	for _, library := range []string{"inventory", "verify"} {
		text, err := os.ReadFile("../script/sh/" + library + ".sh")
		if err != nil {
			t.Fatal(err)
		}
		functions = append(functions, text...)
	}
	cmd := exec.Command("sh", "-c", "set -u; umask 027; export LC_ALL=C\n"+string(functions)+"\n"+command)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	return string(out)
}

func plant(t *testing.T, tree string) {
	t.Helper()
	for path, mode := range map[string]os.FileMode{
		"bin/app": 0o755, "bin/private": 0o700, "lib/a-1.0/ebin/a.beam": 0o644, "lib/a/ebin/a.app": 0o664,
		"releases/0.1.0/vm.args": 0o444, "secret": 0o600, "open": 0o777, "two words": 0o644, " lead": 0o644,
		"trail ": 0o644, "*star": 0o644, "-dash": 0o644, "#hash": 0o644, "ünïcödé": 0o644, "Z": 0o644, "a.b": 0o644, "a/b": 0o644,
	} {
		file := filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("this is "+path), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	for path, target := range map[string]string{"current": "bin/app", "lib/up": "../bin", "lib/broken": "no such"} {
		if err := os.Symlink(target, filepath.Join(tree, path)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(tree, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func inventoried(t *testing.T, dir, tree string) (Manifest, error) {
	t.Helper()
	listing := strings.Split(strings.TrimSuffix(onMachine(t, dir, "listing "+tree), "\n"), "\n")
	checksums := strings.Split(strings.TrimSuffix(onMachine(t, dir, "checksums "+tree), "\n"), "\n")
	files, err := ParseInventory(listing, checksums)
	return manifest(files...), err
}

// The inventory of the build host must make a manifest that a host finds to be that
// of the tree, once it has unpacked the release as stage.sh does.
func TestInventoryOfABuildIsWhatAHostFinds(t *testing.T) {
	dir := t.TempDir()
	plant(t, filepath.Join(dir, "tree"))
	m, err := inventoried(t, dir, "tree")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	text, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	onMachine(t, dir, `mkdir host
		tar -c -C tree . | tar -x --no-same-owner --no-same-permissions -f - -C host
		verify "$PWD/host" "$PWD/manifest.json" `+string(DigestOf(text)))
}

func TestAnInventoryRefusesWhatAReleaseMustNotHold(t *testing.T) {
	for name, command := range map[string]string{
		"a FIFO":            "mkfifo tree/fifo",
		"a tab":             `touch "tree/$(printf 'a\tb')"`,
		"a line break":      `touch "tree/$(printf 'a\nb')"`,
		"a backslash":       `touch 'tree/a\b'`,
		"a setuid file":     "touch tree/su && chmod u+s tree/su",
		"a leaving link":    "ln -s ../.. tree/up",
		"an absolute link":  "ln -s /etc/passwd tree/passwd",
		"a tab in a target": `ln -s "$(printf 'a\tb')" tree/link`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			onMachine(t, dir, "mkdir tree; echo x >tree/good; "+command)
			m, err := inventoried(t, dir, "tree")
			if err == nil {
				err = m.Validate()
			}
			if err == nil {
				t.Errorf("accepted: %+v", m.Files)
			}
		})
	}
}

func TestInventoryWithoutAChecksumIsRefused(t *testing.T) {
	if _, err := ParseInventory([]string{"f\t644\t3\tx"}, []string{sum + "  y"}); err == nil {
		t.Error("accepted")
	}
	for _, line := range []string{"", "f\t644\t3", "f\tabc\t3\tx", "f\t644\tmany\tx", "f\t844\t3\tx", "d", "l\tx", "other\tp\tx"} {
		if _, err := ParseInventory([]string{line}, []string{sum + "  x"}); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}
