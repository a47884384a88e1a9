package build

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// chooseRelease chooses the release to build. The releases in mix.exs take
// precedence over Distillery's file, and that over mix's default.
func chooseRelease(p script.Project, named, app string) (script.Assembling, error) {
	if p.IsRebar {
		return chooseOfRebar(p, named, app)
	}
	distillery := len(p.Releases) == 0 && p.Distillery
	all, file := p.Releases, "mix.exs"
	if distillery {
		all, file = p.DistilleryReleases, "rel/config.exs"
	}
	switch {
	case len(all) == 0 && distillery:
		return script.Assembling{}, errors.New("rel/config.exs defines no release: add 'release :NAME do'")
	case len(all) == 0 && p.Umbrella:
		return script.Assembling{}, errors.New("mix.exs defines no release, which an umbrella needs: add 'releases:' with its applications")
	case len(all) == 0 && !hasMixRelease(p.Elixir):
		return script.Assembling{}, fmt.Errorf("there is no release: Elixir %s has no releases of its own; add Distillery with a rel/config.exs, or use Elixir 1.9 or newer", p.Elixir)
	case len(all) == 0:
		all = []string{p.App} // the default of mix release
	}
	name, err := pick(all, named, p.DefaultRelease, app, file)
	return script.Assembling{Release: name, Distillery: distillery, Named: distillery || len(p.Releases) > 0}, err
}

// chooseOfRebar chooses one of the releases in rebar.config.
func chooseOfRebar(p script.Project, named, app string) (script.Assembling, error) {
	if len(p.Releases) == 0 {
		return script.Assembling{}, errors.New("rebar.config defines no release: add {relx, [{release, {NAME, \"VERSION\"}, [APPLICATION]}]}")
	}
	name, err := pick(p.Releases, named, "", app, "rebar.config")
	return script.Assembling{Release: name, Rebar: true}, err
}

func pick(all []string, named, byDefault, app, file string) (string, error) {
	if named != "" {
		if !slices.Contains(all, named) {
			return "", fmt.Errorf("%s has no release %s: it has %s", file, named, strings.Join(all, ", "))
		}
		return named, nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	for _, candidate := range []string{byDefault, app} {
		if slices.Contains(all, candidate) {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%s has several releases (%s): name one as release", file, strings.Join(all, ", "))
}

func hasMixRelease(elixir string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(elixir, "%d.%d", &major, &minor); n != 2 {
		return true // unknown: mix itself will complain
	}
	return major > 1 || minor >= 9
}

// inRepository returns the path in the repository of a file that the compiler
// names, or "" if it is not in there. The argument app is the application of an
// umbrella that is being compiled.
func (b *build) inRepository(app, file string) string {
	switch {
	case path.IsAbs(file) || strings.HasPrefix(file, "deps/"):
		return ""
	case app != "" && b.project.Umbrella && !strings.HasPrefix(file, "apps/"):
		file = path.Join("apps", app, file)
	}
	return path.Join(b.plan.Dir, file)
}
