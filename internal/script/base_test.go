package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// onBase has a site with a release, and another one that is made from it.
type onBase struct {
	*site
	before, after  release.Manifest
	base, contents map[string]content
}

func newOnBase(t *testing.T) onBase {
	t.Helper()
	o := onBase{site: newSite(t)}
	o.fill(false)
	return o
}

// fill stages the base. Elsewhere, it is copied to the place that it has.
func (o *onBase) fill(elsewhere bool) {
	o.t.Helper()
	o.base = tree()
	o.base["lib/app-1"] = content{}
	o.base["lib/app-1/kept"] = content{text: "kept\n", mode: 0o644}
	o.base["lib/app-1/old"] = content{text: "old\n", mode: 0o644}
	o.before = manifestOf(r1, o.base)
	if elsewhere {
		other := newSite(o.t)
		must(o.t, other.stage(o.before, whole(o.t, o.before, o.base)))
		for _, place := range []string{"releases", ".slipway/releases"} {
			must(o.t, os.MkdirAll(o.path(place), 0o755))
			must(o.t, exec.Command("cp", "-a", other.path(place, string(r1)), o.path(place)).Run())
		}
	} else {
		must(o.t, o.site.stage(o.before, whole(o.t, o.before, o.base)))
	}
	o.contents = tree()
	o.contents["lib/app-2"] = content{}
	o.contents["lib/app-2/kept"] = content{text: "kept\n", mode: 0o644}
	o.contents["lib/app-2/new"] = content{text: "new\n", mode: 0o644}
	o.contents["bin/app"] = content{text: "#!/bin/sh\nnew\n", mode: 0o755}
	o.after = manifestOf(r2, o.contents)
}

func (o onBase) stageDelta() error {
	o.t.Helper()
	p := since(o.t, o.before, o.after, o.contents)
	if p.From == "" {
		o.t.Fatal("it is no delta")
	}
	return o.site.stage(o.after, p)
}

// Whatever is wrong with a base, nothing of it is carried on: the release is refused, and
// can be sent as a whole.
func TestADamagedBaseIsNoBase(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"a byte of a file":              "printf y >'lib/two words'",
		"a byte of a file that moves":   "printf KEPT >lib/app-1/kept",
		"a mode":                        "chmod 700 'lib/two words'",
		"a missing file":                "rm zero",
		"a missing file that moves":     "rm lib/app-1/kept",
		"an extra file":                 "echo x >lib/extra",
		"an extra directory":            "mkdir lib/extra",
		"a link for a file":             "ln -sf ../bin/app 'lib/two words'",
		"a FIFO for a file":             "rm zero; mkfifo zero",
		"no lists":                      `rm -r "$BASE/.slipway/releases/` + string(r1) + `"`,
		"a list without its end":        `truncate -s 700 "$BASE/.slipway/releases/` + string(r1) + `/manifest.json"`,
		"an empty list":                 `: >"$BASE/.slipway/releases/` + string(r1) + `/manifest.json"`,
		"the list of another one":       `sed -i 's/two words/two swords/' "$BASE/.slipway/releases/` + string(r1) + `/manifest.json"`,
		"no release":                    `cd ..; rm -r ./` + string(r1),
		"a link for the release":        `cd ..; mv ` + string(r1) + ` elsewhere; ln -s elsewhere ` + string(r1),
		"a directory in a file's place": "rm zero; mkdir zero",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOnBase(t)
			o.run(damage)
			var unfit *Unfit
			if err := o.stageDelta(); !errors.As(err, &unfit) || unfit.From != r1 {
				t.Fatalf("%v", err)
			}
			if left := o.entries("releases"); slices.Contains(left, string(r2)) || slices.ContainsFunc(left, func(n string) bool { return strings.HasSuffix(n, ".part") }) {
				t.Errorf("it left %q", left)
			}
			must(t, o.site.stage(o.after, whole(t, o.after, o.contents)))
			o.has(o.after, o.contents)
		})
	}
}

// zstd needs the earlier contents of a file. If they are not those that the parcel was
// packed with, nothing comes of it.
func TestADamagedFileIsNotUsedToUnpack(t *testing.T) {
	t.Parallel()
	old := ""
	for n := range 200 {
		old += fmt.Sprintln("line", n*n*n)
	}
	for name, damage := range map[string]string{
		"none":             ":",
		"another byte":     "printf A | dd of=bin/app conv=notrunc status=none",
		"all others":       "tr 1 2 <bin/app >new; mv new bin/app",
		"no file":          "rm bin/app",
		"a FIFO":           "rm bin/app; mkfifo bin/app",
		"a link elsewhere": `mv bin/app "$BASE/elsewhere"; ln -s "$BASE/elsewhere" bin/app`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := onBase{site: newSite(t)}
			o.base, o.contents = tree(), tree()
			o.base["bin/app"] = content{text: old, mode: 0o755}
			o.contents["bin/app"] = content{text: "#!/bin/sh\n" + old, mode: 0o755}
			o.before, o.after = manifestOf(r1, o.base), manifestOf(r2, o.contents)
			must(t, o.site.stage(o.before, whole(t, o.before, o.base)))
			o.run(damage)
			p := known(t, o.before, o.after, o.base, o.contents)
			if err := o.site.stage(o.after, p); name == "none" {
				must(t, err)
				o.has(o.after, o.contents)
			} else if !errors.As(err, new(*Unfit)) || slices.Contains(o.entries("releases"), string(r2)) {
				t.Errorf("%v, %q", err, o.entries("releases"))
			}
		})
	}
}

// run runs a command in the base, with programs that the scripts do not have.
func (o onBase) run(command string) {
	o.t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = o.path("releases", string(r1))
	cmd.Env = append(os.Environ(), "BASE="+o.Base)
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// A directory that somebody has replaced by a link must lead nowhere: neither tar nor rm
// may follow it.
func TestALinkInTheBaseLeadsNowhere(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"where files come":   `mv bin "$BASE/elsewhere"; ln -s "$BASE/elsewhere" bin`,
		"where files go":     `mv lib/app-1 "$BASE/elsewhere"; ln -s "$BASE/elsewhere" lib/app-1`,
		"where both happens": `mv lib "$BASE/elsewhere"; ln -s "$BASE/elsewhere" lib`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOnBase(t)
			o.run(damage)
			before := o.files("elsewhere")
			if err := o.stageDelta(); err == nil {
				o.has(o.after, o.contents)
			} else if !errors.As(err, new(*Unfit)) {
				t.Errorf("%v", err)
			}
			if after := o.files("elsewhere"); after != before {
				t.Errorf("it changed what the link leads to:\n%s\n%s", before, after)
			}
		})
	}
}

// files describes all files below a directory of the site.
func (s *site) files(parts ...string) string {
	s.t.Helper()
	var b strings.Builder
	must(s.t, filepath.WalkDir(s.path(parts...), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		must(s.t, err)
		text := []byte("directory")
		if info.Mode().IsRegular() {
			text, err = os.ReadFile(file)
		}
		fmt.Fprintf(&b, "%s %s %q\n", file, info.Mode(), text)
		return err
	}))
	return b.String()
}

// Releases share no file: whatever writes to one of them changes no other.
func TestReleasesShareNoFile(t *testing.T) {
	t.Parallel()
	o := newOnBase(t)
	before := o.files("releases", string(r1))
	must(t, o.stageDelta())
	of := map[uint64]string{}
	for _, id := range []release.ID{r1, r2} {
		must(t, filepath.WalkDir(o.path("releases", string(id)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			must(t, err)
			inode := info.Sys().(*syscall.Stat_t).Ino
			if other := of[inode]; other != "" {
				t.Errorf("%s and %s are one file", file, other)
			}
			of[inode] = file
			if d.Type().IsRegular() && id == r2 {
				must(t, os.WriteFile(file, []byte("written later"), 0o600))
			}
			return nil
		}))
	}
	if after := o.files("releases", string(r1)); after != before {
		t.Errorf("it changed the earlier one:\n%s\n%s", before, after)
	}
}

// A file of the base that gets new contents where it is, and has moved too, is one file
// with two names while tar works. tar must not write through one to the other.
func TestWhatMovesAwayIsNotOverwritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := map[string]content{"a": {text: "first\n", mode: 0o644}, "b": {text: "second\n", mode: 0o644}}
	two := map[string]content{"a": {text: "third!\n", mode: 0o644}, "b": {text: "fourth\n", mode: 0o644}, "c": one["a"], "d": one["b"]}
	m1, m2 := manifestOf(r1, one), manifestOf(r2, two)
	must(t, s.stage(m1, whole(t, m1, one)))
	d, usable, err := m2.Since(m1)
	if must(t, err); !usable || len(d.Moves) != 2 || len(d.Files) != 2 {
		t.Fatalf("%+v", d)
	}
	must(t, s.stage(m2, packed(t, d, two)))
	s.has(m2, two)
	s.has(m1, one)
}

// Web servers take a file with the same size and time for the same file.
func TestTimesTellContentsApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := map[string]content{"a": {text: "1", mode: 0o644}, "b": {text: "2", mode: 0o644}, "same": {text: "x", mode: 0o644}}
	two := map[string]content{"a": {text: "2", mode: 0o644}, "b": {text: "1", mode: 0o644}, "same": {text: "x", mode: 0o644}}
	m1, m2 := manifestOf(r1, one), manifestOf(r2, two)
	must(t, s.stage(m1, whole(t, m1, one)))
	old := time.Unix(1600000000, 0)
	for name := range one {
		must(t, os.Chtimes(s.path("releases", string(r1), name), old, old))
	}
	must(t, s.stage(m2, since(t, m1, m2, two)))
	for name, kept := range map[string]bool{"a": false, "b": false, "same": true} {
		info, err := os.Stat(s.path("releases", string(r2), name))
		must(t, err)
		if info.ModTime().Equal(old) != kept {
			t.Errorf("%s is from %s", name, info.ModTime())
		}
	}
}
