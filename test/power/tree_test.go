package power

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apxr/slipway/internal/release"
)

// sameTree compares a tree with its manifest, entry by entry and byte by byte.
func sameTree(tree string, m release.Manifest) error {
	want := map[string]release.File{}
	for _, f := range m.Files {
		want[f.Path] = f
	}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		f, listed := want[name]
		if !listed {
			return fmt.Errorf("%s is there and in no manifest", name)
		}
		delete(want, name)
		return sameEntry(path, d, f)
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("%d of %d entries are missing", len(want), len(m.Files))
	}
	return err
}

func sameEntry(path string, d fs.DirEntry, f release.File) error {
	if d.IsDir() != (f.Kind == release.Dir) || d.Type().IsRegular() != (f.Kind == release.Regular) {
		return fmt.Errorf("%s is not a %s", f.Path, f.Kind)
	}
	if f.Kind != release.Regular {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	if hex.EncodeToString(sum[:]) != f.SHA256 || info.Mode().Perm() != fs.FileMode(f.Mode&^release.HostUmask) {
		return fmt.Errorf("%s is not what was built: %d of %d bytes, mode %o", f.Path, len(data), f.Size, info.Mode().Perm())
	}
	return nil
}
