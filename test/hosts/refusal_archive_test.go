package hosts

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"path/filepath"
	"syscall"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
)

// trees changes artifacts' files after their manifests were made.
func (w *world) trees() {
	before := w.state()
	for _, c := range []struct {
		name   string
		change func(tree string) error
	}{
		{"one more file", func(tree string) error { return os.WriteFile(filepath.Join(tree, "more"), nil, 0o644) }},
		{"one file less", func(tree string) error { return os.Remove(filepath.Join(tree, "lib/way.json")) }},
		{"another content", func(tree string) error { return os.WriteFile(filepath.Join(tree, "lib/way.json"), []byte("[]"), 0o644) }},
		{"one more directory", func(tree string) error { return os.Mkdir(filepath.Join(tree, "more"), 0o755) }},
		{"an absolute link", link("/etc/passwd", "more")},
		{"a link that leads out", link("../../../../../../etc/passwd", "more")},
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
	} {
		w.sub(c.name, func(w *world) {
			id := w.good()
			w.must(c.change(w.tree(id)))
			w.refusesToStage(id, before)
		})
	}
	w.sub("a file that runs as its owner", func(w *world) {
		id := w.good()
		w.must(os.Chmod(filepath.Join(w.tree(id), "bin/shop"), os.ModeSetuid|os.ModeSetgid|0o755))
		// What runs as its owner here is a file like any on the host.
		w.ok("deploy", "--release-id", string(id))
		if got := w.root("find " + base + "/releases -type f -perm /7000"); got != "" {
			w.Errorf("they run as their owner: %s", got)
		}
		w.ok("rollback")
	})
}

func link(target, name string) func(string) error {
	return func(tree string) error {
		path := filepath.Join(tree, name)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
		return os.Symlink(target, path)
	}
}

// archives are those of a build server whose tar is not to be trusted: it puts
// more entries before the files that were built, to write through them.
func (w *world) archives() {
	before, running := w.state(), w.current()
	file := func(name string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}
	}
	to := func(kind byte, name, target string) tar.Header {
		return tar.Header{Name: name, Typeflag: kind, Linkname: target, Mode: 0o777}
	}
	for _, c := range []struct {
		name    string
		entries []tar.Header
	}{
		{"an absolute name", []tar.Header{file(mark + "-absolute")}},
		{"a name that goes up", []tar.Header{file("../../../../.." + mark + "-up")}},
		{"a name that goes up to what runs", []tar.Header{file("../" + string(running) + "/bin/shop")}},
		{"through an absolute link", []tar.Header{to(tar.TypeSymlink, "out", "/tmp"), file("out/slipway-hostile-link")}},
		{"through a link that leads up", []tar.Header{to(tar.TypeSymlink, "out", "../../.slipway"), file("out/history.jsonl")}},
		{"through chained links", []tar.Header{
			to(tar.TypeSymlink, "a", ".."), to(tar.TypeSymlink, "b", "a/.."), to(tar.TypeSymlink, "c", "b/.slipway"), file("c/history.jsonl"),
		}},
		{"into a link that is a file", []tar.Header{to(tar.TypeSymlink, "lib/way.json", base+"/.slipway/history.jsonl"), file("lib/way.json")}},
		{"a hard link out", []tar.Header{to(tar.TypeLink, "more", "/etc/passwd")}},
		{"a hard link to the history", []tar.Header{to(tar.TypeLink, "lib/way.json", base+"/.slipway/history.jsonl"), file("lib/way.json")}},
		{"a hard link up", []tar.Header{to(tar.TypeLink, "more", "../"+string(running)+"/bin/shop")}},
		{"a device", []tar.Header{{Name: "more", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3}}},
		{"a fifo", []tar.Header{{Name: "more", Typeflag: tar.TypeFifo, Mode: 0o666}}},
		{"a file that runs as its owner", []tar.Header{{Name: "more", Typeflag: tar.TypeReg, Mode: 0o6755}}},
		{"the directory itself, for everybody", []tar.Header{{Name: "./", Typeflag: tar.TypeDir, Mode: 0o7777}, file("more")}},
	} {
		w.sub(c.name, func(w *world) {
			id := w.good()
			bin := w.falseTar(id, c.entries)
			w.refusesToStage(id, before, "PATH="+bin+":"+os.Getenv("PATH"))
		})
	}
}

// refusesToStage deploys with these settings and checks that the host has no
// trace of it where releases lie.
func (w *world) refusesToStage(id release.ID, before string, settings ...string) {
	w.Helper()
	r, err := command.Run(w.command(settings, "deploy", "--release-id", string(id)))
	w.must(err)
	w.Logf("exit %d\n%s", r.Code, r.Stderr)
	w.red(1, r, w.host.Addr+": ", "see the lines above", "nothing was switched on any host")
	w.silent(r)
	w.root("rm -rf " + base + "/.slipway/releases/" + string(id)) // the lists to verify against come first
	w.same(before)
}

// falseTar is a directory with a tar that prints an archive of these entries and
// then of all that was built.
func (w *world) falseTar(id release.ID, entries []tar.Header) string {
	w.Helper()
	dir := w.TempDir()
	f, err := os.Create(filepath.Join(dir, "archive"))
	w.must(err)
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = "hostile\n"
		}
		h.Size = int64(len(text))
		w.must(archive.WriteHeader(&h))
		_, err := archive.Write([]byte(text))
		w.must(err)
	}
	for _, e := range w.manifest(id).Files {
		h := tar.Header{Name: e.Path, Mode: int64(e.Mode), Size: e.Size, Typeflag: tar.TypeReg}
		if e.Kind == release.Dir {
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		w.must(archive.WriteHeader(&h))
		if e.Kind == release.Regular {
			data, err := os.ReadFile(filepath.Join(w.tree(id), e.Path))
			w.must(err)
			_, err = archive.Write(data)
			w.must(err)
		}
	}
	for _, c := range []interface{ Close() error }{archive, zipped, f} {
		w.must(c.Close())
	}
	w.must(os.WriteFile(filepath.Join(dir, "tar"), []byte("#!/bin/sh\nexec cat '"+f.Name()+"'\n"), 0o755))
	return dir
}
