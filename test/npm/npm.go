// Package npm gets single files out of npm packages, from the registry that this machine is set up for, and keeps them
// between runs.
//
// It does not know what is in them.
package npm

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
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"
)

// A Package is one version of a package.
type Package struct {
	Name      string // with its scope
	Version   string
	Integrity string // its checksum; empty: the one that the registry records
}

// Fetch is the path of one of the package's files on this machine, where it has another name. The first call on a
// machine downloads the package.
func (p Package) Fetch(ctx context.Context, file, as string, mode fs.FileMode) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	place := filepath.Join(cache, "slipway-tools", as)
	if _, err := os.Stat(place); err == nil {
		return place, nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return "", err
	}
	if err := p.download(ctx, file, place, mode); err != nil {
		return "", fmt.Errorf("fetch %s of %s %s from npm: %w", file, p.Name, p.Version, err)
	}
	return place, nil
}

// download puts the file in its place when all of it is there and is what npm says.
func (p Package) download(ctx context.Context, file, place string, mode fs.FileMode) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	registry, err := registryAddress(ctx)
	if err != nil {
		return err
	}
	if p.Integrity == "" {
		if p.Integrity, err = recorded(ctx, registry+p.Name+"/"+p.Version); err != nil {
			return err
		}
	}
	part, err := os.CreateTemp(filepath.Dir(place), filepath.Base(place)+"-*.part")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close(), removeIfThere(part.Name())) }()
	url := registry + p.Name + "/-/" + path.Base(p.Name) + "-" + p.Version + ".tgz"
	if err := unpackChecked(ctx, url, p.Integrity, "package/"+file, part); err != nil {
		return err
	}
	if err := part.Chmod(mode); err != nil {
		return err
	}
	return os.Rename(part.Name(), place)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// recorded is the checksum that npm records for a version.
func recorded(ctx context.Context, url string) (string, error) {
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

// unpackChecked writes one of a package's files to another. Its error says if the package was another than expected:
// what is in the file then is not to be used.
func unpackChecked(ctx context.Context, url, integrity, name string, to io.Writer) error {
	body, err := get(ctx, url)
	if err != nil {
		return err
	}
	defer body.Close()
	sum := sha512.New()
	tee := io.TeeReader(body, sum)
	if err := unpack(tee, name, to); err != nil {
		return fmt.Errorf("unpack %s: %w", url, err)
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("%s has the checksum %s, not %q: try again; if it stays so, do not trust it", url, got, integrity)
	}
	return nil
}

func unpack(tgz io.Reader, name string, to io.Writer) error {
	zipped, err := gzip.NewReader(tgz)
	if err != nil {
		return err
	}
	for files := tar.NewReader(zipped); ; {
		header, err := files.Next()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if header.Name == name {
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
