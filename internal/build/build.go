// Package build makes a release on a build server: exactly one commit, the
// tools that it pins, the dependencies that it locks, assembled into an empty
// directory and kept as an artifact with a manifest under the release ID.
//
// It does not know how the build server is reached or where a release goes.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Host is what a build needs of a connection to the build server.
type Host interface {
	script.Machine
	ReadFile(name string) ([]byte, error)
	WriteFile(name string, data []byte) error
}

// Plan is what a build is told. It is a plain value: made before any dial.
type Plan struct {
	App        release.App
	Repository string
	Revision   string // full commit ID
	Ref        string // for the record: the branch or tag that was pushed
	Who        string // for whoever waits for the lock
	Run        string
}

// name is what the build server is called in the log.
const name = "build"

// Run builds the release that the plan names and returns its manifest.
func Run(ctx context.Context, h Host, plan Plan, log *progress.Log) (release.Manifest, error) {
	began := time.Now()
	holder := script.Holder{What: "build", Who: plan.Who, Since: began, Run: plan.Run}
	lock, err := script.TakeLock(ctx, h, script.BuildDir(plan.App), holder)
	if err != nil {
		return release.Manifest{}, err
	}
	defer lock.Release()
	b := &build{Host: h, plan: plan, log: log, id: release.NewID(began)}
	m, err := b.run(ctx)
	if err != nil {
		return release.Manifest{}, b.discard(ctx, err)
	}
	log.Say(name, "%s %s is artifact %s: %d entries, %.1f MB, built in %.1f s",
		plan.App.Name, m.Version, m.ReleaseID, len(m.Files), float64(m.Size())/1e6, time.Since(began).Seconds())
	return m, nil
}

// build is one build under way.
type build struct {
	Host
	plan Plan
	log  *progress.Log
	id   release.ID
}

func (b *build) run(ctx context.Context) (release.Manifest, error) {
	if err := b.checkout(ctx); err != nil {
		return release.Manifest{}, err
	}
	tools, err := b.tools(ctx)
	if err != nil {
		return release.Manifest{}, err
	}
	made, err := b.assemble(ctx)
	if err != nil {
		return release.Manifest{}, err
	}
	m := b.manifest(tools, made)
	if err := m.Validate(); err != nil {
		return release.Manifest{}, err
	}
	return m, b.publish(ctx, m)
}

func (b *build) checkout(ctx context.Context) error {
	defer b.log.Phase("Check out %s", b.plan.Revision)()
	out := b.log.Output(name)
	defer out.Close()
	source := script.Source{Repository: b.plan.Repository, Mirror: mirrorKey(b.plan.Repository), Revision: b.plan.Revision}
	for {
		taken, subject, err := script.Checkout(ctx, b, b.plan.App, b.id, source, out)
		if err != nil || !taken {
			if err == nil {
				b.log.Say(name, "%.12s %q", b.plan.Revision, subject)
			}
			return err
		}
		b.id = b.id.Next()
	}
}

// mirrorKey names the mirror of a repository: readable, and one for each URL.
func mirrorKey(repository string) string {
	sum := sha256.Sum256([]byte(repository))
	base := strings.TrimSuffix(path.Base(strings.ReplaceAll(repository, ":", "/")), ".git")
	return base + "-" + hex.EncodeToString(sum[:6])
}

func (b *build) tools(ctx context.Context) (script.Toolchain, error) {
	defer b.log.Phase("Check the tools")()
	out := b.log.Output(name)
	defer out.Close()
	t, err := script.Tools(ctx, b, b.plan.App, out)
	if err != nil {
		return t, err
	}
	b.log.Say(name, "Elixir %s, Erlang/OTP %s, %s %s, %s", t.Have["elixir"], t.Have["erlang"], t.OS, t.Arch, t.Libc)
	unknown, err := checkTools(t)
	for _, tool := range unknown {
		b.log.Notice(fmt.Sprintf(".tool-versions pins %s, which Slipway does not know: its version was not checked", tool))
	}
	return t, err
}

func (b *build) assemble(ctx context.Context) (script.Assembly, error) {
	defer b.log.Phase("Build the release")()
	out := b.log.Output(name)
	defer out.Close()
	return script.Assemble(ctx, b, b.plan.App, b.id, out)
}

func (b *build) manifest(t script.Toolchain, made script.Assembly) release.Manifest {
	return release.Manifest{
		Format: release.ManifestFormat, ReleaseID: b.id, Org: b.plan.App.Org, App: b.plan.App.Name,
		Version: made.Version, Revision: b.plan.Revision, Ref: b.plan.Ref, Repository: b.plan.Repository,
		BuiltAt: time.Now().UTC().Truncate(time.Second),
		OS:      t.OS, Arch: t.Arch, Libc: t.Libc, ERTS: made.ERTS, Elixir: t.Have["elixir"], OTP: t.Have["erlang"],
		MixLock: made.MixLock, ToolVersions: made.ToolVersions, Files: made.Files,
	}
}

func (b *build) publish(ctx context.Context, m release.Manifest) error {
	data, err := m.JSON()
	if err != nil {
		return err
	}
	if err := b.WriteFile(path.Join(script.PartialArtifactDir(b.plan.App, b.id), "manifest.json"), data); err != nil {
		return err
	}
	return script.Publish(ctx, b, b.plan.App, b.id)
}

// discard removes what a failed build left; if it cannot, the next build will.
func (b *build) discard(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := script.Discard(ctx, b, b.plan.App, b.id); err != nil {
		b.log.Say(name, "the partial artifact is left for the next build to remove: %v", err)
	}
	return cause
}
