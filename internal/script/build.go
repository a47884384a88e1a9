package script

import (
	"context"
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

// Source is what to check out.
type Source struct {
	Repository string // a git URL that the build host can read
	Mirror     string // the key of its mirror on the build host
	Revision   string // full commit ID
}

// Checkout lays out one commit and reserves the ID for its artifact; taken
// means that the ID has an artifact already, and nothing was done.
func Checkout(ctx context.Context, m Machine, a release.App, id release.ID, s Source, log io.Writer) (taken bool, subject string, err error) {
	err = call{
		script: "checkout", libs: []string{"buildroot"}, log: log,
		args: args{
			{"app", a.String()}, {"id", string(id)}, {"mirror", s.Mirror},
			{"repository", s.Repository}, {"revision", s.Revision},
		},
		onFact: func(key, value string) {
			switch key {
			case "taken":
				taken = true
			case "subject":
				subject = value
			}
		},
	}.run(ctx, m)
	return taken, subject, err
}

// Toolchain is what a machine builds with, and what the project wants.
type Toolchain struct {
	OS, Arch, Libc string
	Have           map[string]string // version by the tool's name in .tool-versions
	Want           []ToolVersion     // the lines of .tool-versions
}

// ToolVersion is one line of .tool-versions.
type ToolVersion struct {
	Tool     string
	Versions []string // the first is meant; the others are fallbacks
}

// Tools asks the build host for its toolchain and the checkout for its wishes.
func Tools(ctx context.Context, m Machine, a release.App, log io.Writer) (Toolchain, error) {
	t := Toolchain{Have: map[string]string{}}
	err := call{
		script: "tools", libs: []string{"buildroot"}, log: log,
		args: args{{"app", a.String()}},
		onFact: func(key, value string) {
			switch key {
			case "os":
				t.OS = value
			case "arch":
				t.Arch = value
			case "libc":
				t.Libc = value
			case "otp":
				t.Have["erlang"] = value
			case "elixir":
				t.Have["elixir"] = value
			case "node":
				t.Have["nodejs"] = value
			case "want":
				if f := strings.Fields(value); len(f) > 0 {
					t.Want = append(t.Want, ToolVersion{f[0], f[1:]})
				}
			}
		},
	}.run(ctx, m)
	return t, err
}

// Assembly is what a build made.
type Assembly struct {
	Version, ERTS         string
	MixLock, ToolVersions string // SHA-256, empty where there is no such file
	Files                 []release.File
}

// Assemble gets the locked dependencies and assembles the release.
func Assemble(ctx context.Context, m Machine, a release.App, id release.ID, log io.Writer) (Assembly, error) {
	var as Assembly
	var listing, checksums []string
	err := call{
		script: "assemble", libs: []string{"buildroot", "inventory"}, log: log,
		args: args{{"app", a.String()}, {"name", a.Name}, {"id", string(id)}},
		onFact: func(key, value string) {
			switch key {
			case "version":
				as.Version = value
			case "erts":
				as.ERTS = value
			case "sha256_mix.lock":
				as.MixLock = value
			case "sha256_.tool-versions":
				as.ToolVersions = value
			case "listing":
				listing = append(listing, value)
			case "checksum":
				checksums = append(checksums, value)
			}
		},
	}.run(ctx, m)
	if err != nil {
		return Assembly{}, err
	}
	as.Files, err = release.ParseInventory(listing, checksums)
	return as, err
}

// Publish makes a finished artifact visible.
func Publish(ctx context.Context, m Machine, a release.App, id release.ID) error {
	return call{
		script: "publish", libs: []string{"buildroot"},
		args: args{{"app", a.String()}, {"id", string(id)}},
	}.run(ctx, m)
}

// Discard removes what a failed build left.
func Discard(ctx context.Context, m Machine, a release.App, id release.ID) error {
	return call{
		script: "discard", libs: []string{"buildroot"},
		args: args{{"app", a.String()}, {"id", string(id)}},
	}.run(ctx, m)
}

// Export writes an artifact's release to w as a gzipped tar.
func Export(ctx context.Context, m Machine, a release.App, id release.ID, w, log io.Writer) error {
	c := call{script: "export", libs: []string{"buildroot"}, args: args{{"app", a.String()}, {"id", string(id)}}}
	command, err := c.args.command()
	if err != nil {
		return err
	}
	if err := m.Exec(ctx, command, strings.NewReader(c.source()), w, log); err != nil {
		return &Error{Step: c.script, Err: err}
	}
	return nil
}
