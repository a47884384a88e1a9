package managers

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// miseVersion is the mise that the tests run, from npm.
const miseVersion = "2026.9.15"

// misePackage is the npm package with the program for this machine.
func misePackage() string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return "mise-linux-" + arch
}

// miseProgram is the path of mise on this machine. The first call on a machine fetches it: 52 MB.
func miseProgram(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, "slipway-tools", "mise-"+miseVersion)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", err
	}
	if err := fetchMise(ctx, program); err != nil {
		return "", fmt.Errorf("fetch mise %s from npm: %w", miseVersion, err)
	}
	return program, nil
}

// fetchMise puts the program in its place when all of it is there and is what npm says.
func fetchMise(ctx context.Context, program string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	registry, err := npmRegistry(ctx)
	if err != nil {
		return err
	}
	base := registry + "@jdxcode/" + misePackage()
	integrity, err := npmIntegrity(ctx, base+"/"+miseVersion)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(program), "mise-*.part")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close(), removeIfThere(part.Name())) }()
	if err := unpackChecked(ctx, base+"/-/"+misePackage()+"-"+miseVersion+".tgz", integrity, part); err != nil {
		return err
	}
	if err := part.Chmod(0o755); err != nil {
		return err
	}
	return os.Rename(part.Name(), program)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// npmIntegrity is the checksum that npm records for a version.
func npmIntegrity(ctx context.Context, url string) (string, error) {
	body, err := get(ctx, url)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var version struct {
		Dist struct{ Integrity string }
	}
	if err := json.NewDecoder(body).Decode(&version); err != nil {
		return "", fmt.Errorf("read %s: %w", url, err)
	}
	return version.Dist.Integrity, nil
}

// unpackChecked writes the package's program to a file. Its error says if the package was another than expected: what
// is in the file then is not to be used.
func unpackChecked(ctx context.Context, url, integrity string, to io.Writer) error {
	body, err := get(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	sum := sha512.New()
	tee := io.TeeReader(body, sum)
	if err := unpack(tee, to); err != nil {
		return fmt.Errorf("unpack %s: %w", url, err)
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("%s has the checksum %s, but npm records %q: try again; if it stays so, do not trust it", url, got, integrity)
	}
	return nil
}

func unpack(tgz io.Reader, to io.Writer) error {
	zipped, err := gzip.NewReader(tgz)
	if err != nil {
		return err
	}
	for files := tar.NewReader(zipped); ; {
		header, err := files.Next()
		if err != nil {
			return fmt.Errorf("package/bin/mise: %w", err)
		}
		if header.Name == "package/bin/mise" {
			_, err := io.Copy(to, files)
			return err
		}
	}
}

func get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return response.Body, nil
}
