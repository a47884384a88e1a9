package script

import (
	"context"
	"strings"
)

// Project has what mix.exs and rel/config.exs, or rebar.config, define, and the tools that were
// asked.
type Project struct {
	Have               map[string]string // versions of Erlang and Elixir, by their names in .tool-versions
	IsRebar            bool              // whether rebar3 builds it; otherwise mix does
	App                string            // empty for an umbrella
	Elixir             string
	Umbrella           bool
	Releases           []string
	DefaultRelease     string
	Distillery         bool // there is a rel/config.exs
	DistilleryReleases []string
	MixLock            string // SHA-256 of mix.lock or rebar.lock; empty: no such file
	MixFiles           string // digest of all mix.exs
	Config             string // digest of what the configuration comes to, and the dependencies in mix.exs
	Paths              Paths
	Hex, Rebar         bool // whether they are installed
	Remembered         bool // whether these are the answers of an earlier build
}

// Paths says where mix has its files, relative to the top of the repository.
type Paths struct{ Lock, Deps, Build string }

// Project returns what the checkout defines. If mix.exs cannot be loaded, it
// returns the versions of the tools with the error.
func (b Build) Project(ctx context.Context) (Project, error) {
	p := Project{Have: map[string]string{}}
	texts := map[string]*string{
		"mix_app": &p.App, "elixir": &p.Elixir, "default_release": &p.DefaultRelease, "sha256_lock": &p.MixLock,
		"mix_files": &p.MixFiles, "config": &p.Config,
		"path_lock": &p.Paths.Lock, "path_deps": &p.Paths.Deps, "path_build": &p.Paths.Build,
	}
	facts := map[string]*bool{
		"umbrella": &p.Umbrella, "distillery": &p.Distillery, "hex": &p.Hex, "rebar": &p.Rebar, "remembered": &p.Remembered,
	}
	lists := map[string]*[]string{"release": &p.Releases, "distillery_release": &p.DistilleryReleases}
	err := b.logged(ctx, call{
		script: "project",
		args:   b.Job.args(arg{"clean", yes(b.Job.Clean)}), input: envInput(b.Job.Env).reader(),
		onFact: func(key, value string) {
			switch {
			case texts[key] != nil:
				*texts[key] = value
			case facts[key] != nil:
				*facts[key] = value == "yes"
			case lists[key] != nil:
				*lists[key] = append(*lists[key], value)
			case key == "tool":
				p.IsRebar = value == "rebar3"
			case key == "have":
				tool, version, _ := strings.Cut(value, " ")
				p.Have[tool] = version
			}
		},
	})
	return p, err
}
