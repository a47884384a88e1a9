package lab_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// What hosts have written, removed and replaced is there again in another lab,
// with the same keys; what is written there is that lab's own.
func TestHostsBootAsTheyWereSaved(t *testing.T) {
	labtest.Need(t)
	name := rand.Text()
	opts := lab.Options{Hosts: []string{"bare1", "git"}, Saved: func() (string, error) { return name, nil }}
	first := startLab(t, opts)
	t.Cleanup(func() { removeSaved(t, first) })
	if first.FromSaved() {
		t.Fatal("it booted from what nobody saved")
	}
	sh(t, first.Host("bare1"), "root", `rm /etc/debconf.conf; rm -r /etc/default; mkdir /etc/default; echo new >/etc/default/new
echo mine >/srv/mine; chown 1234:2345 /srv/mine; chmod 640 /srv/mine`)
	writeTree(t, first.KeptDir(), map[string]string{"a/note": "kept"})
	if err := os.Chmod(filepath.Join(first.KeptDir(), "a/note"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, id := read(t, first.AdminKeyPath()), sh(t, first.Host("bare1"), "root", "cat /etc/machine-id")
	saveLab(t, first)
	sh(t, first.Host("bare1"), "root", "echo later >/srv/later") // it goes on
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}

	for range 2 { // the first must leave nothing to the second
		next := startLab(t, opts)
		h := next.Host("bare1")
		const look = "ls -A /etc/default; cat /etc/default/new; stat -c '%u:%g %a' /srv/mine; ls /srv; test ! -e /etc/debconf.conf"
		if got := sh(t, h, "root", look); got != "new\nnew\n1234:2345 640\nmine" {
			t.Errorf("the host has\n%s", got)
		}
		if !next.FromSaved() || read(t, next.AdminKeyPath()) != key || read(t, filepath.Join(next.KeptDir(), "a/note")) != "kept" {
			t.Error("it did not boot from what was saved, or has other keys, or nothing that was kept")
		}
		if info, err := os.Stat(filepath.Join(next.KeptDir(), "a/note")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("what was kept has another mode: %v, %v", info, err)
		}
		if sh(t, h, "root", "cat /etc/machine-id") == id {
			t.Error("it is the same machine")
		}
		if state := sh(t, h, "root", "systemctl is-system-running || true"); state != "running" {
			t.Errorf("it is %s", state)
		}
		sh(t, h, "root", "echo next >/srv/next")
		writeTree(t, next.KeptDir(), map[string]string{"next": "next"})
		if err := next.Save(t.Context()); err == nil {
			t.Error("it was saved over what it has booted from")
		}
		if err := next.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	name += "x"
	if startLab(t, opts).FromSaved() {
		t.Error("another name leads to the same state")
	}
}

// Those that were used last stay, and those that are in use.
func TestOldSavedLabsGo(t *testing.T) {
	cache := t.TempDir()
	dirs := lab.MakeSaved(t, cache, 5) // the last one was used last
	if !lab.UseSaved(t, dirs[0]) {
		t.Fatal("it cannot be opened")
	}
	unlock := lab.HoldSaved(t, dirs[1])
	old := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(dirs[1], old, old); err != nil {
		t.Fatal(err)
	}
	lab.RemoveOldSaved(t, cache)
	for i, want := range []bool{true, true, false, true, true} {
		if _, err := os.Stat(dirs[i]); (err == nil) != want {
			t.Errorf("%d: there %t, want %t", i, !want, want)
		}
	}
	unlock()
	lab.RemoveOldSaved(t, cache)
	if lab.UseSaved(t, dirs[1]) {
		t.Error("what nobody uses any more can be opened")
	}
	if left, err := filepath.Glob(cache + "/*"); err != nil || len(left) != 3 {
		t.Errorf("%q, %v", left, err)
	}
}

func saveLab(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := l.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func removeSaved(t *testing.T, l *lab.Lab) {
	t.Helper()
	if err := os.RemoveAll(lab.SavedPath(l)); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
