package release

import (
	"fmt"
	"slices"
	"testing"
)

func TestAFileResemblesItsEarlierVersion(t *testing.T) {
	file := func(path string, size int64) File {
		return File{Path: path, Kind: Regular, Mode: 0o644, Size: size, SHA256: fmt.Sprintf("%064d", size)}
	}
	base := manifestOfFiles("20240101T000000",
		file("lib/app-0.1.0/ebin/a.beam", 10), file("lib/app-0.1.0/ebin/b.beam", 11), file("lib/other-1/ebin/a.beam", 12),
		file("releases/0.1.0/start.script", 13), file("releases/COOKIE", 14), file("empty", 0), file("large", mostLike+1),
		file("same", 15), File{Path: "releases/0.1.1", Kind: Link, Target: "0.1.0"})
	next := manifestOfFiles("20240102T000000",
		file("lib/app-0.1.1/ebin/a.beam", 20), file("lib/app-0.1.1/ebin/new.beam", 21), file("lib/other-1/ebin/a.beam", 12),
		file("releases/0.2.0/start.script", 23), file("releases/COOKIE", 24), file("empty", 25), file("large", 26), file("same", 15),
		file("elsewhere/releases/0.1.0/start.script", 27))
	d, usable, err := next.Since(base)
	if err != nil || !usable {
		t.Fatal(usable, err)
	}
	var got []string
	for _, f := range d.Like {
		got = append(got, f.Path)
	}
	if want := []string{"lib/app-0.1.0/ebin/a.beam", "releases/0.1.0/start.script", "releases/COOKIE"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func manifestOfFiles(id ID, files ...File) Manifest {
	return Manifest{Format: ManifestFormat, ReleaseID: id, Org: "o", App: "a", Files: files}
}
