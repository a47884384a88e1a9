package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// packed is a package with one file, and its checksum.
func packed(name, text string) ([]byte, string) {
	var tgz bytes.Buffer
	zipped := gzip.NewWriter(&tgz)
	files := tar.NewWriter(zipped)
	files.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(text))})
	files.Write([]byte(text))
	files.Close()
	zipped.Close()
	sum := sha512.Sum512(tgz.Bytes())
	return tgz.Bytes(), "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// serve serves a package under one address, and nothing that would say its checksum.
func serve(t *testing.T, path string, tgz []byte) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		w.Write(tgz)
	}))
	t.Cleanup(server.Close)
	t.Setenv("NPM_CONFIG_REGISTRY", server.URL)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

func TestPinnedPackage(t *testing.T) {
	tgz, sum := packed("deep/a.json", "{}")
	serve(t, "/@scope/name/-/name-1.2.3.tgz", tgz)
	pinned := Package{Name: "@scope/name", Version: "1.2.3", Integrity: sum}
	path, err := pinned.Fetch(t.Context(), "deep/a.json", "mine.json", 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{}" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := pinned.Fetch(t.Context(), "b.json", "other.json", 0o644); err == nil {
		t.Error("got a file that the package does not have")
	}
}

func TestPinnedPackageWithAnotherChecksumIsRefused(t *testing.T) {
	tgz, _ := packed("a.json", "{}")
	serve(t, "/name/-/name-1.2.3.tgz", tgz)
	pinned := Package{Name: "name", Version: "1.2.3", Integrity: "sha512-AAAA"}
	if path, err := pinned.Fetch(t.Context(), "a.json", "mine.json", 0o644); err == nil || !strings.Contains(err.Error(), "do not trust it") {
		t.Errorf("got %s, %v", path, err)
	}
}
