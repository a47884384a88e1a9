package script

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// BuildDir is where an application's builds lie on the build host, below the
// home of the user that builds; the same as in buildroot.sh.
func BuildDir(a release.App) string { return path.Join("slipway", a.Org, a.Name) }

// ArtifactDir is where one artifact lies on the build host.
func ArtifactDir(a release.App, id release.ID) string {
	return path.Join(BuildDir(a), "artifacts", string(id))
}

// PartialArtifactDir is where it lies while it is being built.
func PartialArtifactDir(a release.App, id release.ID) string { return ArtifactDir(a, id) + ".part" }

// Job is one build under way, for all of its steps.
type Job struct {
	App    release.App
	ID     release.ID
	Dir    string // of mix.exs in the repository, "." for its top
	MixEnv string
	Env    []Variable
}

// args begins with what buildroot.sh knows a build's scripts by.
func (j Job) args(more ...arg) args {
	return append(args{{"build", string(j.ID)}, {"app", j.App.String()}, {"id", string(j.ID)}, {"dir", j.Dir}, {"mix_env", j.MixEnv}}, more...)
}

// Source is what to check out.
type Source struct {
	Repository string // a git URL that the build host can read
	Revision   string // full commit ID, branch or tag
	Access     Access
}

// Commit is what was checked out.
type Commit struct{ Revision, Subject string }

// leastFree is the room below which no build is begun, in MB: a small release
// with its dependencies takes about as much.
const leastFree = 256

// Checkout lays out one commit and reserves the job's ID for its artifact; taken
// means that the ID has an artifact already, and nothing was done.
func Checkout(ctx context.Context, m Machine, j Job, s Source, log io.Writer) (at Commit, taken bool, err error) {
	err = call{
		script: "checkout", libs: []string{"buildroot", "input", "git"}, log: log,
		args:  j.args(arg{"least", fmt.Sprint(leastFree)}, arg{"repository", s.Repository}, arg{"revision", s.Revision}),
		input: s.Access.input().reader(),
		onFact: func(key, value string) {
			switch key {
			case "taken":
				taken = true
			case "revision":
				at.Revision = value
			case "subject":
				at.Subject = value
			}
		},
	}.run(ctx, m)
	return at, taken, err
}

// Toolchain is what a machine builds with, and what the project wants.
type Toolchain struct {
	OS, Arch, Kernel, Libc string
	Manager                string            // mise, asdf, or empty
	Have                   map[string]string // by the tool's name in .tool-versions: its version, or a line that says it
	Want                   []ToolVersion     // the lines of .tool-versions
	ToolVersions           string            // SHA-256, empty where there is no such file
}

// ToolVersion is one line of .tool-versions.
type ToolVersion struct{ Tool, Version string }

// Tools installs what the checkout pins and asks the build host for its toolchain.
func Tools(ctx context.Context, m Machine, j Job, log io.Writer) (Toolchain, error) {
	t := Toolchain{Have: map[string]string{}}
	single := map[string]*string{
		"os": &t.OS, "arch": &t.Arch, "kernel": &t.Kernel, "libc": &t.Libc, "manager": &t.Manager,
		"sha256_.tool-versions": &t.ToolVersions,
	}
	err := call{
		script: "tools", libs: []string{"buildroot", "toolenv"}, log: log,
		args: j.args(),
		onFact: func(key, value string) {
			tool, version, _ := strings.Cut(value, " ")
			switch {
			case single[key] != nil:
				*single[key] = value
			case key == "have":
				t.Have[tool] = version
			case key == "want":
				t.Want = append(t.Want, ToolVersion{tool, version})
			}
		},
	}.run(ctx, m)
	return t, err
}

// Project is what mix.exs and rel/config.exs define.
type Project struct {
	App                string // empty for an umbrella
	Elixir             string
	Umbrella           bool
	Releases           []string
	DefaultRelease     string
	Distillery         bool // there is a rel/config.exs
	DistilleryReleases []string
	MixLock            string // SHA-256, empty if there is no such file
	Paths              Paths
}

// Paths is where mix has its files, from the repository's top.
type Paths struct{ Lock, Deps, Build string }

// InspectProject asks the checkout what it defines.
func InspectProject(ctx context.Context, m Machine, j Job, log io.Writer) (Project, error) {
	var p Project
	err := call{
		script: "project", libs: []string{"buildroot", "input", "toolenv"}, log: log,
		args: j.args(), input: envInput(j.Env).reader(),
		onFact: func(key, value string) {
			switch key {
			case "mix_app":
				p.App = value
			case "elixir":
				p.Elixir = value
			case "umbrella":
				p.Umbrella = true
			case "release":
				p.Releases = append(p.Releases, value)
			case "default_release":
				p.DefaultRelease = value
			case "path_lock":
				p.Paths.Lock = value
			case "path_deps":
				p.Paths.Deps = value
			case "path_build":
				p.Paths.Build = value
			case "sha256_lock":
				p.MixLock = value
			case "distillery":
				p.Distillery = true
			case "distillery_release":
				p.DistilleryReleases = append(p.DistilleryReleases, value)
			}
		},
	}.run(ctx, m)
	return p, err
}

// Kept says what of earlier builds a build goes on from.
type Kept string

// What FetchDeps found.
const (
	KeptNothing Kept = "none"
	KeptSources Kept = "sources"      // the dependencies as they were fetched
	KeptDeps    Kept = "dependencies" // compiled dependencies; the project itself is compiled anew
	KeptAll     Kept = "all"          // mix decides what to compile of the project
)

// FetchDeps gets the locked dependencies; key names the state to go on from.
func FetchDeps(ctx context.Context, m Machine, j Job, at Paths, key string, clean bool, a Access, log io.Writer) (Kept, error) {
	kept := KeptNothing
	err := call{
		script: "fetchdeps", libs: []string{"buildroot", "input", "git", "toolenv", "state"}, log: log,
		args: j.args(arg{"lock_path", at.Lock}, arg{"deps_path", at.Deps}, arg{"build_path", at.Build},
			arg{"key", key}, arg{"clean", yesNo(clean)}),
		input: append(a.input(), envInput(j.Env)...).reader(),
		onFact: func(key, value string) {
			if key == "state" {
				kept = Kept(value)
			}
		},
	}.run(ctx, m)
	return kept, err
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// CompileDeps compiles the dependencies.
func CompileDeps(ctx context.Context, m Machine, j Job, log io.Writer) error {
	return call{
		script: "compiledeps", libs: []string{"buildroot", "input", "toolenv"}, log: log,
		args: j.args(), input: envInput(j.Env).reader(),
	}.run(ctx, m)
}

// Assembling is how a release is made.
type Assembling struct {
	Release    string // its name, and that of its start script
	Distillery bool
	Named      bool   // whether the project itself names it
	Before     string // commands of sh that come first
	Key        string // of the state that is kept for the next build
	Paths      Paths  // which are kept
}

// Assembly is what a build made.
type Assembly struct {
	Version, ERTS string
	Files         []release.File
}

// Assemble assembles the release.
func Assemble(ctx context.Context, m Machine, j Job, a Assembling, log io.Writer) (Assembly, error) {
	var as Assembly
	lines := map[string][]string{}
	kind, named := "mix", ""
	if a.Distillery {
		kind = "distillery"
	}
	if a.Named {
		named = a.Release
	}
	err := call{
		script: "assemble", libs: []string{"buildroot", "input", "toolenv", "state", "inventory", "elf"}, log: log,
		args: j.args(arg{"deps_path", a.Paths.Deps}, arg{"build_path", a.Paths.Build},
			arg{"kind", kind}, arg{"release", a.Release}, arg{"named", named}, arg{"key", a.Key}),
		input: append(beforeInput(a.Before), envInput(j.Env)...).reader(),
		onFact: func(key, value string) {
			switch key {
			case "version":
				as.Version = value
			case "erts":
				as.ERTS = value
			default:
				lines[key] = append(lines[key], value)
			}
		},
	}.run(ctx, m)
	if err != nil {
		return Assembly{}, err
	}
	if as.Files, err = release.ParseInventory(lines["listing"], lines["checksum"]); err == nil {
		as.Files, err = release.ParseLibraries(as.Files, lines["library"])
	}
	return as, err
}

// Publish makes a finished artifact visible.
func Publish(ctx context.Context, m Machine, j Job) error {
	return call{
		script: "publish", libs: []string{"buildroot"},
		args: args{{"app", j.App.String()}, {"id", string(j.ID)}},
	}.run(ctx, m)
}

// Discard ends what still runs of a failed build and removes what it left.
func Discard(ctx context.Context, m Machine, j Job) error {
	return call{
		script: "discard", libs: []string{"buildroot"},
		args: args{{"app", j.App.String()}, {"id", string(j.ID)}},
	}.run(ctx, m)
}

// Export writes an artifact's release to w as a gzipped tar.
func Export(ctx context.Context, m Machine, a release.App, id release.ID, w, log io.Writer) error {
	c := call{script: "export", libs: []string{"buildroot"}, args: args{{"app", a.String()}, {"id", string(id)}}}
	command, err := c.args.command(c.script)
	if err != nil {
		return err
	}
	defer c.traced(m).end()
	if err := m.Exec(ctx, command, strings.NewReader(c.source()), w, log); err != nil {
		return &Error{Step: c.script, Err: err}
	}
	return nil
}
