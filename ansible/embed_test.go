package ansible

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// notEmbedded are the files here that are not the collection's.
var notEmbedded = []string{"embed.go", "embed_test.go", "plugins_test.go", ".ansible-lint", "tests"}

func TestCollectionHasAllFiles(t *testing.T) {
	want := files(t, os.DirFS("."))
	want = slices.DeleteFunc(want, func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return slices.Contains(notEmbedded, top) || isCache(name)
	})
	got := slices.DeleteFunc(files(t, Collection), isCache)
	if !slices.Equal(got, want) {
		t.Errorf("the program carries\n%s\nand the directory has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Python leaves such files when plugins run from here; they would get into a program that is built then.
func TestCollectionHasNoCaches(t *testing.T) {
	for _, name := range files(t, Collection) {
		if isCache(name) {
			t.Errorf("%s is in the program: remove it (git clean -X ansible)", name)
		}
	}
}

func isCache(name string) bool {
	return strings.Contains(name, "__pycache__") || path.Ext(name) == ".pyc"
}

func files(t *testing.T, from fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
