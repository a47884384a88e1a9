package managers

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// registry serves one package, with what npm records of its checksum.
func registry(t *testing.T, program, integrity string) *httptest.Server {
	t.Helper()
	var tgz bytes.Buffer
	zipped := gzip.NewWriter(&tgz)
	files := tar.NewWriter(zipped)
	for name, text := range map[string]string{"package/package.json": "{}", "package/bin/mise": program} {
		files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))})
		files.Write([]byte(text))
	}
	files.Close()
	zipped.Close()
	if integrity == "" {
		sum := sha512.Sum512(tgz.Bytes())
		integrity = "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/npm/@jdxcode/" + misePackage() + "/" + miseVersion:
			fmt.Fprintf(w, `{"dist":{"integrity":%q}}`, integrity)
		case "/npm/@jdxcode/" + misePackage() + "/-/" + misePackage() + "-" + miseVersion + ".tgz":
			w.Write(tgz.Bytes())
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("NPM_CONFIG_REGISTRY", server.URL+"/npm")
	return server
}

func TestMiseIsFetchedOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	server := registry(t, "the program", "")
	program, err := MiseProgram(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(program); err != nil || string(text) != "the program" {
		t.Errorf("%s has %q, %v", program, text, err)
	}
	if info, err := os.Stat(program); err != nil || info.Mode() != 0o755 {
		t.Errorf("%s: %v, %v", program, info.Mode(), err)
	}
	server.Close()
	if again, err := MiseProgram(t.Context()); err != nil || again != program {
		t.Errorf("the second time: %s, %v", again, err)
	}
}

func TestMiseWithAnotherChecksumIsRefused(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	registry(t, "another program", "sha512-AAAA")
	if program, err := MiseProgram(t.Context()); err == nil || !strings.Contains(err.Error(), "do not trust it") {
		t.Errorf("got %s, %v", program, err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "slipway-tools", "*")); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}
