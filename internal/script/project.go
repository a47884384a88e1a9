package script

import (
	"context"
)

// Project has what mix.exs and rel/config.exs define.
type Project struct {
	App                string // empty for an umbrella
	Elixir             string
	Umbrella           bool
	Releases           []string
	DefaultRelease     string
	Distillery         bool // there is a rel/config.exs
	DistilleryReleases []string
	MixLock            string // SHA-256; empty: no such file
	Paths              Paths
}

// Paths says where mix has its files, relative to the top of the repository.
type Paths struct{ Lock, Deps, Build string }

// Project returns what the checkout defines.
func (b Build) Project(ctx context.Context) (Project, error) {
	var p Project
	err := b.logged(ctx, call{
		script: "project",
		args:   b.Job.args(), input: envInput(b.Job.Env).reader(),
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
	})
	return p, err
}
