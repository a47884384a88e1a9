// Package light makes artifacts without a build. The program of such a release
// is a few lines of Python that behave, or misbehave, as a test says. A deploy
// sees no difference: files, manifest, start script and process look like those
// of a mix release.
//
// It does not deploy anything, and it proves nothing about builds.
package light

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/apxr/slipway/internal/release"
)

//go:embed app.py
var program []byte

// start behaves like mix's own start script where it matters: it resolves
// current, so that the process's command line names the release.
const start = `#!/bin/sh
root=$(CDPATH= cd "$(dirname "$0")/.." && pwd -P)
case $1 in
start) exec python3 -IS "$root/lib/app.py" ;;
eval) exec python3 -c "$2" ;;
*) echo "light: $1?" >&2; exit 1 ;;
esac
`

// Way says how a release behaves. The zero value behaves well.
type Way struct {
	Exit        *int    `json:"exit,omitempty"`        // it exits with this status
	After       float64 `json:"after,omitempty"`       // seconds from its start to the exit or the signal
	Signal      int     `json:"signal,omitempty"`      // it is killed by this signal
	Boot        float64 `json:"boot,omitempty"`        // seconds until it listens
	Silent      bool    `json:"silent,omitempty"`      // it never reports to systemd that it is ready
	Status      int     `json:"status,omitempty"`      // status of its answers; 0: 200
	Body        string  `json:"body,omitempty"`        // field status of its answers; empty: ok
	Only        int     `json:"only,omitempty"`        // only the unit with this PORT behaves like this; 0: all units
	OnlyHost    string  `json:"only_host,omitempty"`   // only the host of this name behaves like this; empty: all hosts
	Hang        bool    `json:"hang,omitempty"`        // it accepts requests and never answers
	Port        int     `json:"port,omitempty"`        // port that it listens on; 0: PORT of its environment
	Certificate string  `json:"certificate,omitempty"` // serves HTTPS with this file of Files below lib
}

// Release says what to make.
type Release struct {
	App      release.App
	ID       release.ID
	Version  string
	Revision string // empty: derived from the ID
	Way      Way
	Files    map[string]string // additional files by their paths
	// Change edits the manifest before it is written, for manifests that no
	// build makes.
	Change func(*release.Manifest)
}

// Put makes the artifact of a release below the home of a user who builds.
func Put(home string, r Release) error {
	dir := filepath.Join(home, "slipway", r.App.Org, r.App.Name, "artifacts", string(r.ID))
	tree := filepath.Join(dir, "tree")
	if err := r.write(tree); err != nil {
		return err
	}
	m, err := r.manifest(tree)
	if err != nil {
		return err
	}
	if r.Change != nil {
		r.Change(&m)
	}
	data, err := m.JSON()
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o644))
}

func (r Release) write(tree string) error {
	way, err := json.Marshal(r.Way)
	if err != nil {
		return err
	}
	files := map[string]string{"bin/" + r.App.Name: start, "lib/app.py": string(program), "lib/way.json": string(way)}
	for name, text := range r.Files {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(tree, name)
		mode := fs.FileMode(0o644)
		if filepath.Dir(name) == "bin" {
			mode = 0o755
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			return err
		}
	}
	return nil
}

// RevisionOf returns the commit of a release that names none.
func RevisionOf(id release.ID) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:20])
}

func (r Release) manifest(tree string) (release.Manifest, error) {
	at, err := r.ID.Time()
	if err != nil {
		return release.Manifest{}, err
	}
	m := release.Manifest{
		Format: release.ManifestFormat, ReleaseID: r.ID, Org: r.App.Org, App: r.App.Name, Release: r.App.Name,
		Version: "0.1.0", Revision: RevisionOf(r.ID), Repository: "git@git.example.com:light.git", BuiltAt: at,
		OS: "Linux", Arch: machine(), Libc: "glibc", ERTS: "13.2", Elixir: "1.14.0", OTP: "25",
	}
	if r.Version != "" {
		m.Version = r.Version
	}
	if r.Revision != "" {
		m.Revision = r.Revision
	}
	m.Files, err = entries(tree)
	return m, err
}

func entries(tree string) ([]release.File, error) {
	var files []release.File
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		f := release.File{Path: name, Kind: release.Dir}
		if !d.IsDir() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			sum := sha256.Sum256(data)
			f = release.File{Path: name, Kind: release.Regular, Mode: uint32(info.Mode().Perm()), Size: info.Size(), SHA256: hex.EncodeToString(sum[:])}
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// machine returns this machine's architecture as uname prints it. The lab's
// hosts have the same.
func machine() string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
}

// At returns the ID of the n-th release of a test. The IDs are a day apart,
// which makes them easy to tell apart.
func At(n int) release.ID {
	return release.NewID(time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC))
}
