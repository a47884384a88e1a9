// Package sample puts projects into the lab's git host and changes them, as a
// developer would who pushes commits: the sample application of examples/, and
// small mix projects of the kinds that there are.
//
// It does not build or deploy anything.
package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/apxr/slipway/test/lab"
)

// What the sample application is called, where it answers, and what it pins.
const (
	App       = "apxr/apxr_io"
	Repo      = "apxr_io"
	Health    = "http://127.0.0.1:4001/health"
	Port      = 4001
	library   = "apxr_greeting"
	libraryAt = "2026-01-01T00:00:00Z" // mix.lock pins the commit of this time
)

// Project is a repository on the lab's git host and the developer's own tree.
type Project struct {
	URL string // for the build host

	lab  *lab.Lab
	name string // of the repository
	tree string // the developer's files
	repo string // the developer's repository
	now  time.Time
}

func newProject(l *lab.Lab, dir, repo string) *Project {
	return &Project{
		URL: l.GitURL(repo), lab: l, name: repo,
		tree: filepath.Join(dir, "tree"), repo: filepath.Join(dir, "repo"),
		now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
}

// Publish copies the application below dir, pins the tools that the lab's build
// host has, and pushes it and its dependency to the git host.
func Publish(ctx context.Context, l *lab.Lab, dir string) (*Project, error) {
	p := newProject(l, dir, Repo)
	if err := publishLibrary(ctx, l, filepath.Join(dir, library)); err != nil {
		return nil, err
	}
	if err := os.CopyFS(p.tree, os.DirFS(filepath.Join(Root(), "examples", "apxr_io"))); err != nil {
		return nil, err
	}
	tools, err := toolVersions(ctx, l.Host("build"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(p.tree, ".tool-versions"), []byte(tools), 0o644); err != nil {
		return nil, err
	}
	return p, nil
}

// PublishTree makes a repository of these files, by their names with slashes,
// and pushes it to the git host. The developer works below dir.
func PublishTree(ctx context.Context, l *lab.Lab, dir, repo string, files map[string]string) (*Project, error) {
	p := newProject(l, dir, repo)
	for name, content := range files {
		if err := p.Write(name, content); err != nil {
			return nil, err
		}
	}
	_, err := p.Push(ctx, "first commit of "+repo)
	return p, err
}

// LibraryCommit makes the dependency's repository and returns its one commit,
// which is the same on every machine.
func LibraryCommit(ctx context.Context, repo string) (string, error) {
	at, err := time.Parse(time.RFC3339, libraryAt)
	if err != nil {
		return "", err
	}
	return lab.CommitDir(ctx, filepath.Join(Root(), "examples", library), repo, library+" 0.3.0", at)
}

func publishLibrary(ctx context.Context, l *lab.Lab, repo string) error {
	if _, err := LibraryCommit(ctx, repo); err != nil {
		return err
	}
	return l.PublishRepo(ctx, repo, library)
}

// toolVersions is a .tool-versions with what the host has.
func toolVersions(ctx context.Context, host *lab.Host) (string, error) {
	elixir, err := host.RunAs(ctx, "deploy", nil, "elixir", "--short-version")
	if err != nil {
		return "", err
	}
	otp, err := host.RunAs(ctx, "deploy", nil, "sh", "-c", "cat /usr/lib/erlang/releases/*/OTP_VERSION")
	return fmt.Sprintf("erlang %s\nelixir %s\n", strings.TrimSpace(otp), strings.TrimSpace(elixir)), err
}

// Push commits the developer's files and pushes them to main.
func (p *Project) Push(ctx context.Context, message string) (revision string, err error) {
	p.now = p.now.Add(time.Hour)
	revision, err = lab.CommitDir(ctx, p.tree, p.repo, message, p.now)
	if err != nil {
		return "", err
	}
	return revision, p.lab.PublishRepo(ctx, p.repo, p.name)
}

// Dir is the developer's repository: its work tree is what was pushed last.
func (p *Project) Dir() string { return p.repo }

// Write replaces a file of the developer's tree.
func (p *Project) Write(name, content string) error {
	path := filepath.Join(p.tree, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

// Remove removes a file of the developer's tree, or a folder with all in it.
func (p *Project) Remove(name string) error {
	path := filepath.Join(p.tree, name)
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// Replace changes a text that must be in a file of the developer's tree.
func (p *Project) Replace(name, before, after string) error {
	path := filepath.Join(p.tree, name)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), before) {
		return fmt.Errorf("sample: %s does not contain %q", name, before)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(data), before, after, 1)), 0o644)
}

// SetVersion changes the application's version.
func (p *Project) SetVersion(before, after string) error {
	return p.Replace("mix.exs", fmt.Sprintf("version: %q", before), fmt.Sprintf("version: %q", after))
}

// ExitAtStart makes the application exit when it starts; the function that it
// returns mends it.
func (p *Project) ExitAtStart() (mend func() error, err error) {
	const file, good, bad = "lib/apxr_io/application.ex", "    Supervisor.start_link(", "    raise(\"the sample exits at start\")\n    Supervisor.start_link("
	return func() error { return p.Replace(file, bad, good) }, p.Replace(file, good, bad)
}

// Answer500 makes the application answer 500 to everything; the function that
// it returns mends it.
func (p *Project) Answer500() (mend func() error, err error) {
	const file, good, bad = "lib/apxr_io/pages.ex", "{type, body} -> {200,", "{type, body} -> {500,"
	return func() error { return p.Replace(file, bad, good) }, p.Replace(file, good, bad)
}

// Root is the folder of this project's sources.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
