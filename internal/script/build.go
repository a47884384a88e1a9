package script

import (
	"context"
	"io"
	"path"

	"github.com/apxr/slipway/internal/release"
)

// BuildDir returns the directory of an application's builds on the build host,
// relative to the home of the user that builds. buildroot.sh must agree.
func BuildDir(a release.App) string { return path.Join("slipway", a.Org, a.Name) }

// ArtifactDir returns the directory of one artifact on the build host.
func ArtifactDir(a release.App, id release.ID) string {
	return path.Join(BuildDir(a), "artifacts", string(id))
}

// PartialArtifactDir returns the directory of an artifact during its build.
func PartialArtifactDir(a release.App, id release.ID) string { return ArtifactDir(a, id) + ".part" }

// Build runs the scripts of one build on the build host.
type Build struct {
	Machine Machine
	Job     Job
	Log     io.Writer // gets the output of the scripts; nil: no log
}

// Job identifies one build to all of its scripts.
type Job struct {
	App    release.App
	ID     release.ID
	Dir    string // directory of mix.exs in the repository; "." is its top
	MixEnv string
	Env    []Variable
	Token  string // of the build's lock: the scripts refuse any but the last one
	Clean  bool   // whether to reuse nothing of earlier builds
	Tools  []Pin  // what [Build.Tools] has found: all later steps use these
}

// args returns the arguments that buildroot.sh needs in every script of a
// build, followed by more.
func (j Job) args(more ...arg) args {
	return append(args{{"build", string(j.ID)}, {"token", j.Token}, {"app", j.App.String()}, {"id", string(j.ID)}, {"dir", j.Dir}, {"mix_env", j.MixEnv}, {"tools", pinsArg(j.Tools)}}, more...)
}

// logged runs a call and writes its output to the build's log.
func (b Build) logged(ctx context.Context, c call) error {
	c.log = b.Log
	return c.run(ctx, b.Machine)
}

// Publish makes a finished artifact visible.
func (b Build) Publish(ctx context.Context) error { return b.finish("publish").run(ctx, b.Machine) }

// Discard ends the processes of a failed build and removes its files.
func (b Build) Discard(ctx context.Context) error { return b.finish("discard").run(ctx, b.Machine) }

func (b Build) finish(script string) call {
	return call{
		script: script,
		args:   args{{"token", b.Job.Token}, {"app", b.Job.App.String()}, {"id", string(b.Job.ID)}},
	}
}
