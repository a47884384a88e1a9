package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// releases are two builds of the sample application: the second has another
// version, and one changed module.
type releases struct {
	Home string // of the user who builds
	A, B build
}

type build struct {
	ID      release.ID
	Version string
	Tree    string
	Tarball string // as mix's step :tar makes it
	Files   int
	Bytes   int64
}

var app = release.App{Org: "apxr", Name: "apxr_io"}

// cached returns where the releases of this program are kept: another program
// may build other ones.
func cached() (string, error) {
	path, err := command.Program()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "slipway-tools", "bench", fmt.Sprintf("%x", sha256.Sum256(data))[:16]), err
}

// prepareReleases builds the releases unless an earlier benchmark of the same
// program has.
func prepareReleases(ctx context.Context, log logger) (r releases, err error) {
	r.Home, err = cached()
	if err != nil {
		return r, err
	}
	if _, err = os.Stat(r.Home); errors.Is(err, fs.ErrNotExist) {
		log("building two releases of %s on a build host", app)
		err = buildReleases(ctx, log, r.Home)
	}
	if err != nil {
		return r, err
	}
	return r, errors.Join(r.A.read(r.Home, "a"), r.B.read(r.Home, "b"))
}

// buildReleases builds on a build host of a lab of its own.
func buildReleases(ctx context.Context, log logger, home string) (err error) {
	dir, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l, err := lab.Start(ctx, lab.Options{Hosts: []string{"build", "git"}, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	p, err := sample.Publish(ctx, l, dir)
	if err != nil {
		return err
	}
	ids, err := buildBoth(ctx, log, l, p)
	if err != nil {
		return err
	}
	return take(ctx, l, home, ids)
}

// buildBoth builds A, changes the project, and builds B.
func buildBoth(ctx context.Context, log logger, l *lab.Lab, p *sample.Project) (ids [2]string, err error) {
	if err := enlarge(p); err != nil {
		return ids, err
	}
	if ids[0], err = buildOne(ctx, log, l, p, "0.1.0"); err != nil {
		return ids, err
	}
	err = errors.Join(p.SetVersion("0.1.0", "0.1.1"), p.Replace("lib/apxr_io/pages.ex", `ApxrGreeting.from("`, `ApxrGreeting.from("the new `))
	if err != nil {
		return ids, err
	}
	ids[1], err = buildOne(ctx, log, l, p, "0.1.1")
	return ids, err
}

// take copies all that the build host has, as if this machine had built:
// checkouts, artifacts and what else there is. Releases of other programs go.
func take(ctx context.Context, l *lab.Lab, home string, ids [2]string) error {
	part := home + ".part"
	if err := errors.Join(os.RemoveAll(filepath.Dir(home)), os.MkdirAll(part, 0o755)); err != nil {
		return err
	}
	theirs := filepath.Join(l.Host("build").Root(), "home/deploy/slipway")
	err := errors.Join(
		runTool(ctx, "cp", "--archive", theirs, part),
		runTool(ctx, "chown", "-R", "root:root", part),
		os.WriteFile(filepath.Join(part, "a"), []byte(ids[0]), 0o644),
		os.WriteFile(filepath.Join(part, "b"), []byte(ids[1]), 0o644),
		pack(ctx, part, ids[0]), pack(ctx, part, ids[1]))
	if err != nil {
		return err
	}
	return os.Rename(part, home)
}

// libraries come with Erlang. With them the release has the size of one that
// has a web framework and its dependencies; none of them is started.
var libraries = []string{
	"asn1", "crypto", "diameter", "edoc", "eldap", "eunit", "ftp", "inets", "mnesia", "os_mon", "parsetools",
	"public_key", "runtime_tools", "snmp", "ssh", "ssl", "syntax_tools", "tools", "xmerl",
}

func enlarge(p *sample.Project) error {
	all := strings.Join(libraries, ": :load, ") + ": :load"
	return p.Replace("mix.exs", "include_erts: true,", "include_erts: true,\n        applications: ["+all+"],")
}

func buildOne(ctx context.Context, log logger, l *lab.Lab, p *sample.Project, version string) (id string, err error) {
	revision, err := p.Push(ctx, version)
	if err != nil {
		return "", err
	}
	path, err := command.Program()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "build-release", "--revision", revision)
	cmd.Env = append(os.Environ(), sample.Settings(l)...)
	cmd.Stderr = log
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func treeOf(home, id string) string { return artifact(home, id) + "/tree" }

func artifact(home, id string) string {
	return filepath.Join(home, "slipway", app.Org, app.Name, "artifacts", id)
}

func pack(ctx context.Context, home, id string) error {
	return runTool(ctx, "tar", "-czf", filepath.Join(home, id+".tar.gz"), "-C", treeOf(home, id), ".")
}

// read looks at what was built; the name is that of the file with its ID.
func (b *build) read(home, name string) error {
	id, err := os.ReadFile(filepath.Join(home, name))
	if err != nil {
		return err
	}
	b.ID, b.Tree, b.Tarball = release.ID(id), treeOf(home, string(id)), filepath.Join(home, string(id)+".tar.gz")
	started, err := os.ReadFile(filepath.Join(b.Tree, "releases/start_erl.data"))
	if err != nil {
		return err
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(started)), " ")
	b.Version = version
	return filepath.WalkDir(b.Tree, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			b.Files++
			b.Bytes += info.Size()
		}
		return err
	})
}

// runTool runs a program of this machine. Its error has what the program said.
func runTool(ctx context.Context, name string, args ...string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, said.String())
	}
	return nil
}
