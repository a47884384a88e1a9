// Package build makes a release on a build server: from exactly one commit, with
// the tools that it pins and the dependencies that it locks, assembled into an
// empty directory. The release is kept as an artifact, with a manifest, under its
// release ID.
//
// The package does not know how the build server is reached or where a release
// goes.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/cause"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Host is the part of a connection to the build server that a build needs.
type Host interface {
	script.Machine
	ReadFile(ctx context.Context, name string) ([]byte, error)
	WriteFile(ctx context.Context, name string, data []byte) error
}

// Plan says what to build, and how. It is a plain value, made before any connection.
type Plan struct {
	App           release.App
	Repository    string
	Revision      string // full commit ID, branch or tag
	Access        script.Access
	Dir           string // the directory of mix.exs in the repository; "." is its top
	MixEnv        string
	Release       string // its name in mix.exs; empty to find it there
	BeforeRelease string // commands for sh
	Env           []script.Variable
	Clean         bool // whether to reuse nothing of earlier builds
	Incremental   bool // whether mix decides which files of the project to compile
	KeepArtifacts int
	KeepFor       time.Duration
	WaitForLock   time.Duration
	Ref           string // for the record: the branch or tag that was pushed
	Who           string // shown to others who wait for the lock
	Run           string
}

// Phase is a part of a build, with the time that it took.
type Phase struct {
	Name string
	Took time.Duration
}

// Result is the result of a build. Its Manifest is valid only if the build succeeded.
type Result struct {
	Manifest release.Manifest
	Digest   release.Digest // of the manifest
	Phases   []Phase
	Kept     script.Kept // what was reused from earlier builds
}

// name is the build server's name in the log.
const name = "build"

// Run builds the release that the plan names. Commands that fetch from git run on
// git. It is the same machine as h, but its commands may use keys that others must
// not have.
func Run(ctx context.Context, h Host, git script.Machine, plan Plan, log *progress.Log) (Result, error) {
	began := time.Now()
	lock, err := script.LockBuilds(ctx, h, plan.App, script.Holder{What: "build", Who: plan.Who, Since: began, Run: plan.Run}, script.Wait{
		Most: plan.WaitForLock,
		Told: func(holder string) { log.Say(name, "waiting up to %s for a %s", plan.WaitForLock, holder) },
	})
	if err != nil {
		return Result{}, cancelled("it waited for its lock", err)
	}
	defer lock.Release()
	ctx, cancel := whileHeld(ctx, lock)
	defer cancel()
	b := &build{Host: h, git: git, plan: plan, log: log}
	// One clock, the build host's, makes all IDs: so their order is the order in
	// which the artifacts were built.
	b.job = script.Job{App: plan.App, ID: lock.Now, Dir: plan.Dir, MixEnv: plan.MixEnv, Env: plan.Env, Token: lock.Token, Clean: plan.Clean}
	m, err := b.run(ctx)
	if errors.Is(err, script.ErrOtherAnswers) {
		log.Say(name, "%v, though no file says so: it is built once more, and asked", err)
		m, err = b.run(ctx) // they are asked now, so this cannot happen again
	}
	b.result.Manifest = m
	if err != nil {
		if errors.Is(context.Cause(ctx), errLockLost) || errors.As(err, new(*script.Fenced)) {
			err = errLockLost
		}
		return b.result, b.discard(ctx, err)
	}
	log.Say(name, "%s %s is artifact %s, digest %s: %d entries, %.1f MB, built in %.1f s",
		plan.App.Name, m.Version, m.ReleaseID, b.result.Digest.Short(), len(m.Files), float64(m.Size())/1e6, time.Since(began).Seconds())
	sweep(ctx, h, plan, m.ReleaseID, log)
	return b.result, nil
}

var errLockLost = errors.New("the build lost its lock, since the connection to the build server was silent for too long; another build may have begun there. Run it again")

// whileHeld ends the context when the lock is lost.
func whileHeld(ctx context.Context, lock *script.Lock) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-lock.Lost():
			cancel(errLockLost)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// build is one build that is under way.
type build struct {
	Host
	git     script.Machine
	plan    Plan
	log     *progress.Log
	job     script.Job
	commit  script.Commit
	tools   script.Toolchain
	project script.Project
	choice  script.Assembling
	made    script.Assembly
	result  Result
}

// Traced passes on the traces that package script makes of its calls.
func (b *build) Traced(step, what string) {
	if t, ok := b.Host.(script.Tracer); ok {
		t.Traced(step, what)
	}
}

// Greeted passes on what the build server's login shell prints.
func (b *build) Greeted(text string) { script.Greet(b.Host, text) }

// on returns the scripts of the build on a machine.
func (b *build) on(m script.Machine, log io.Writer) script.Build {
	return script.Build{Machine: m, Job: b.job, Log: log}
}

func (b *build) run(ctx context.Context) (release.Manifest, error) {
	for _, phase := range []struct {
		name string
		do   func(context.Context, io.Writer) error
	}{
		{"Check out " + b.plan.Revision, b.checkOut},
		{"Tools", b.prepareTools},
		{"Project", b.inspect},
		{"Dependencies", b.dependencies},
		{"Release", b.assemble},
	} {
		if err := b.phase(ctx, phase.name, phase.do); err != nil {
			return release.Manifest{}, err
		}
	}
	m := b.manifest()
	if err := m.Validate(); err != nil {
		return release.Manifest{}, err
	}
	return m, b.publish(ctx, m)
}

// phase runs a part of the build as a group of the log and a line of the result.
func (b *build) phase(ctx context.Context, title string, do func(context.Context, io.Writer) error) error {
	defer b.log.Phase("%s", title)()
	defer b.log.WhileSilent(title)()
	out := b.log.Output(name)
	defer out.Close()
	began := time.Now()
	var found cause.Finder
	err := found.Explain(do(ctx, io.MultiWriter(out, &found)))
	b.result.Phases = append(b.result.Phases, Phase{title, time.Since(began)})
	return cancelled(fmt.Sprintf("it was at %q", title), err)
}

// cancelled returns an error, in words for a person if it says that a context has ended.
func cancelled(when string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return &ended{"the build was cancelled while " + when + ": nothing of it is kept", err}
	case errors.Is(err, context.DeadlineExceeded):
		return &ended{"the build took too long, and was ended while " + when + ": nothing of it is kept", err}
	}
	return err
}

// ended is the end of a context, in other words.
type ended struct {
	words string
	err   error
}

func (e *ended) Error() string { return e.words }
func (e *ended) Unwrap() error { return e.err }

func (b *build) checkOut(ctx context.Context, out io.Writer) error {
	source := script.Source{Repository: b.plan.Repository, Revision: b.plan.Revision, Access: b.plan.Access}
	source.Access.KnownHosts = gitHubHostKeys + source.Access.KnownHosts
	for {
		commit, taken, err := b.on(b.git, out).Checkout(ctx, source)
		if err != nil || !taken {
			if err == nil {
				b.commit = commit
				b.log.Say(name, "%s %q", commit.Revision, commit.Subject)
			}
			return err
		}
		b.job.ID = b.job.ID.Next()
	}
}

func (b *build) prepareTools(ctx context.Context, out io.Writer) (err error) {
	b.tools, err = b.on(b, out).Tools(ctx)
	b.job.Tools = b.tools.Found
	return err
}

// inspect checks the tools before it returns what is wrong with mix.exs: other
// tools may be why it cannot be loaded.
func (b *build) inspect(ctx context.Context, out io.Writer) (err error) {
	b.project, err = b.on(b, out).Project(ctx)
	if len(b.project.Have) > 0 {
		maps.Copy(b.tools.Have, b.project.Have)
		b.sayTools()
		if problem := checkTools(b.tools); problem != nil {
			return problem
		}
	}
	if err != nil {
		return err
	}
	b.choice, err = chooseRelease(b.project, b.plan.Release, b.plan.App.Name)
	if err == nil {
		b.choice.Before, b.choice.Paths, b.choice.Remembered = b.plan.BeforeRelease, b.project.Paths, b.project.Remembered
		b.choice.Key = stateKey(b.tools, b.project, b.plan)
		b.log.Say(name, "release %s in MIX_ENV=%s", b.choice.Release, b.plan.MixEnv)
	}
	return err
}

func (b *build) sayTools() {
	t := b.tools
	b.log.Say(name, "%s; %s, %s, %s", sayOrigins(t), t.OS, t.Arch, t.Libc)
	if others := otherTools(t); others != "" {
		b.log.Say(name, "also pinned, from %s: %s", cmp.Or(t.Manager, "the PATH"), others)
	}
	for _, text := range sayChosen(t) {
		b.log.Say(name, "%s", text)
	}
}

func (b *build) dependencies(ctx context.Context, out io.Writer) (err error) {
	access := b.plan.Access
	access.KnownHosts = gitHubHostKeys + access.KnownHosts
	if b.result.Kept, err = b.on(b.git, out).FetchDeps(ctx, script.Fetching{
		Paths: b.project.Paths, Key: b.choice.Key, Incremental: b.plan.Incremental, Before: b.plan.BeforeRelease,
		Hex: b.project.Hex, Rebar: b.project.Rebar, Access: access,
	}); err != nil {
		return err
	}
	b.log.Say(name, "%s", b.reused())
	if b.project.IsRebar {
		return nil // it compiles them with the project
	}
	if b.result.Kept != script.KeptNothing {
		return nil // mix itself compiles a dependency that is, rarely, out of date
	}
	return compiling(out, func(out io.Writer) error {
		return b.on(b, out).CompileDeps(ctx, b.project.Paths, b.tools.Have["elixir"])
	})
}

// compiling compiles dependencies. Their files are not in the repository, so what the
// compiler finds is no annotation, but its first error is the reason of a failure.
func compiling(out io.Writer, do func(out io.Writer) error) error {
	reason := firstError{next: func(progress.Annotation) {}}
	problems := newDiagnoser(inDependency, reason.annotate)
	err := do(io.MultiWriter(out, problems))
	problems.Close() // the last complaint may be the reason
	return reason.explain(err)
}

// inDependency returns the path of a dependency's file from the top of the project.
func inDependency(app, file string) string {
	if app == "" || path.IsAbs(file) || strings.HasPrefix(file, "deps/") {
		return file
	}
	return path.Join("deps", app, file)
}

// reused says what the build reuses of an earlier one.
func (b *build) reused() string {
	switch {
	case b.project.IsRebar:
		return "rebar3 compiles everything in each build"
	case b.result.Kept == script.KeptNothing:
		return "there are no files of an earlier build with these tools, dependencies, configuration and settings: everything is compiled"
	case b.result.Kept == script.KeptDeps:
		return "compiled dependencies of an earlier build are reused; the project itself is recompiled"
	case b.plan.Incremental:
		return "compiled files of an earlier build are reused: mix compiles what has changed"
	}
	return "compiled files of an earlier build of this commit are reused"
}

func (b *build) assemble(ctx context.Context, out io.Writer) (err error) {
	reason := firstError{next: b.log.Annotate}
	problems := newDiagnoser(b.inRepository, reason.annotate)
	b.made, err = b.on(b, io.MultiWriter(out, problems)).Assemble(ctx, b.choice)
	problems.Close() // the last complaint may be the reason
	if n := len(b.made.Foreign); n > 0 {
		b.log.Say(name, "programs and libraries for other platforms: %d, such as %s; hosts need not be able to load them", n, b.made.Foreign[0])
	}
	return reason.explain(err)
}

func (b *build) manifest() release.Manifest {
	t := b.tools
	ref := b.plan.Ref
	if b.plan.Revision != b.commit.Revision {
		ref = b.plan.Revision
	}
	return release.Manifest{
		Format: release.ManifestFormat, ReleaseID: b.job.ID, Org: b.plan.App.Org, App: b.plan.App.Name,
		Version: b.made.Version, Revision: b.commit.Revision, Ref: ref, Repository: b.plan.Repository,
		Release: b.choice.Release, BuiltAt: time.Now().UTC().Truncate(time.Second),
		OS: t.OS, Arch: t.Arch, Kernel: t.Kernel, Libc: t.Libc, ERTS: b.made.ERTS, Elixir: t.Have["elixir"], OTP: t.Have["erlang"],
		MixLock: b.project.MixLock, ToolVersions: t.ToolVersions, Tools: otherTools(t), Files: b.made.Files,
	}
}

func (b *build) publish(ctx context.Context, m release.Manifest) error {
	data, err := m.JSON()
	if err != nil {
		return err
	}
	b.result.Digest = release.DigestOf(data)
	if err := b.WriteFile(ctx, path.Join(script.PartialArtifactDir(b.plan.App, b.job.ID), "manifest.json"), data); err != nil {
		return err
	}
	return b.on(b, nil).Publish(ctx)
}

// discard ends the processes and removes the files of a failed build. If it cannot,
// the next build will.
func (b *build) discard(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 6*time.Second)
	defer cancel()
	if err := b.on(b, nil).Discard(ctx); err != nil {
		b.log.Say(name, "cannot remove what this build left behind; the next build will: %v", err)
	}
	return cause
}
