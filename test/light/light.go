// Package light makes artifacts without a build: releases whose program is a few
// lines of Python that behave, or misbehave, as a test says. What deploys them
// sees no difference: files, manifest, start script and process are as a mix
// release has them.
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

// start is as mix's own start script in what matters: it resolves current, so
// that the process's command line names the release.
const start = `#!/bin/sh
root=$(CDPATH= cd "$(dirname "$0")/.." && pwd -P)
case $1 in
start) exec python3 -IS "$root/lib/app.py" ;;
eval) exec python3 -c "$2" ;;
*) echo "light: $1?" >&2; exit 1 ;;
esac
`

// Way is how a release behaves; the zero value is a good one.
type Way struct {
	Exit        *int    `json:"exit,omitempty"`        // it exits with this status
	After       float64 `json:"after,omitempty"`       // so many seconds after its start
	Signal      int     `json:"signal,omitempty"`      // it is killed by this signal, likewise
	Boot        float64 `json:"boot,omitempty"`        // seconds until it listens
	Silent      bool    `json:"silent,omitempty"`      // it never tells systemd that it is ready
	Status      int     `json:"status,omitempty"`      // of its answers; 0: 200
	Body        string  `json:"body,omitempty"`        // of their field status; empty: ok
	Only        int     `json:"only,omitempty"`        // of all units only the one with this PORT is like that; 0: every one
	OnlyHost    string  `json:"only_host,omitempty"`   // of all hosts only the one of this name is like that
	Hang        bool    `json:"hang,omitempty"`        // it takes requests and never answers
	Port        int     `json:"port,omitempty"`        // where it listens; 0: PORT of its environment
	Certificate string  `json:"certificate,omitempty"` // a file of Files below lib that it serves HTTPS with
}

// Release is what to make.
type Release struct {
	App      release.App
	ID       release.ID
	Version  string
	Revision string // empty: one that follows from the ID
	Way      Way
	Files    map[string]string // more files, by their paths
	// Change changes the manifest before it is written, for what no build makes.
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

// RevisionOf is the commit of a release that names none.
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

// machine is this machine's architecture as uname says it, which is that of the
// lab's hosts.
func machine() string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
}

// At is the ID of the n-th release of a test: a day apart, so that they are easy
// to tell from each other.
func At(n int) release.ID {
	return release.NewID(time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC))
}
