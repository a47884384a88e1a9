//go:build full

package hosts

import (
	"archive/tar"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/world"
)

func init() {
	tamperings = append(tamperings, moreTamperings...)
	archives = append(archives, moreArchives...)
}

var moreTamperings = []tampering{
	{"one file less", func(tree string) error { return os.Remove(filepath.Join(tree, "lib/way.json")) }},
	{"one more directory", func(tree string) error { return os.Mkdir(filepath.Join(tree, "more"), 0o755) }},
	{"an absolute link", link("/etc/passwd", "more")},
	{"a link in place of a file", link("/etc/passwd", "lib/way.json")},
	{"a link in place of a directory", link("/tmp", "lib")},
	{"chained links", func(tree string) error {
		for _, l := range [][2]string{{"..", "a"}, {"a/..", "b"}, {"b/../../..", "c"}, {"c/tmp", "lib/d"}} {
			if err := os.Symlink(l[0], filepath.Join(tree, l[1])); err != nil {
				return err
			}
		}
		return nil
	}},
	{"a device", func(tree string) error {
		return syscall.Mknod(filepath.Join(tree, "more"), syscall.S_IFCHR|0o666, 1<<8|3)
	}},
	{"a fifo", func(tree string) error { return syscall.Mkfifo(filepath.Join(tree, "more"), 0o644) }},
	{"a hard link", func(tree string) error {
		return os.Link(filepath.Join(tree, "lib/app.py"), filepath.Join(tree, "more"))
	}},
	{"a hard link in place of a file", func(tree string) error {
		file := filepath.Join(tree, "lib/way.json")
		if err := os.Remove(file); err != nil {
			return err
		}
		return os.Link(filepath.Join(tree, "lib/app.py"), file)
	}},
	{"one more file that runs as its owner", func(tree string) error {
		file := filepath.Join(tree, "more")
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			return err
		}
		return os.Chmod(file, os.ModeSetuid|0o755)
	}},
	{"another mode", func(tree string) error { return os.Chmod(filepath.Join(tree, "lib/app.py"), 0o755) }},
}

var moreArchives = []archive{
	{"an absolute name", always(file(mark + "-absolute"))},
	{"a name that goes up to what runs", func(running release.ID) []tar.Header {
		return []tar.Header{file("../" + string(running) + "/bin/shop")}
	}},
	{"through an absolute link", always(to(tar.TypeSymlink, "out", "/tmp"), file("out/slipway-hostile-link"))},
	{"through a link that leads up", always(to(tar.TypeSymlink, "out", "../../.slipway"), file("out/history.jsonl"))},
	{"into a link that is a file", always(to(tar.TypeSymlink, "lib/way.json", base+"/.slipway/history.jsonl"), file("lib/way.json"))},
	{"a hard link out", always(to(tar.TypeLink, "more", "/etc/passwd"))},
	{"a hard link to the history", always(to(tar.TypeLink, "lib/way.json", base+"/.slipway/history.jsonl"), file("lib/way.json"))},
	{"a hard link up", func(running release.ID) []tar.Header {
		return []tar.Header{to(tar.TypeLink, "more", "../"+string(running)+"/bin/shop")}
	}},
	{"a device", always(tar.Header{Name: "more", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3})},
	{"a fifo", always(tar.Header{Name: "more", Typeflag: tar.TypeFifo, Mode: 0o666})},
	{"a file that runs as its owner", always(tar.Header{Name: "more", Typeflag: tar.TypeReg, Mode: 0o6755})},
	{"the directory itself, for everybody", always(tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o7777}, file("more"))},
}

// What runs as its owner here is a file like any on the host.
func TestAFileThatRunsAsItsOwnerIsAFileLikeAny(t *testing.T) {
	w := newWorld(t)
	id := w.good()
	w.Must(os.Chmod(filepath.Join(w.tree(id), "bin/shop"), os.ModeSetuid|os.ModeSetgid|0o755))
	w.OK(world.DeployOf(id)...)
	if got := w.root("find " + base + "/releases -type f -perm /7000"); got != "" {
		w.Errorf("they run as their owner: %s", got)
	}
}
