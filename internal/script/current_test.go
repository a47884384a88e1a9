package script

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// links makes links in the application's directory, each given as "NAME -> TARGET". BASE
// in a target stands for that directory.
func (s *site) links(links ...string) {
	s.t.Helper()
	for _, link := range links {
		name, target, _ := strings.Cut(link, " -> ")
		must(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
		must(s.t, os.Symlink(strings.ReplaceAll(target, "BASE", s.Base), s.path(name)))
	}
}

// The usual case starts no program. In all others, the text of the link is reported.
func TestTheCurrentReleaseIsFound(t *testing.T) {
	t.Parallel()
	const one, two, environment = "releases/" + string(r1), "releases/" + string(r2), "activations/" + key1 + "/release"
	for name, c := range map[string]struct {
		links   []string
		want    release.Activation
		target  string
		started bool
	}{
		"as Slipway makes it": {links: []string{"current -> " + one}, want: release.Activation{ID: r1}, target: one},
		"absolute":            {links: []string{"current -> BASE/" + one}, want: release.Activation{ID: r1}, target: one},
		"through a link":      {links: []string{"current -> live", "live -> " + one}, want: release.Activation{ID: r1}, target: one},
		"with an environment": {links: []string{"current -> " + environment, environment + " -> ../../" + one}, want: release.Activation{ID: r1, Env: key1}, target: environment, started: true},
		"beside another's environment": {
			links: []string{"current -> " + one, environment + " -> ../../" + one},
			want:  release.Activation{ID: r1}, target: one, started: true,
		},
		"to nothing":                {links: []string{"current -> " + two}, want: release.Activation{ID: r2}, target: two, started: true},
		"to a release's other name": {links: []string{"current -> " + two, two + " -> " + string(r1)}, want: release.Activation{ID: r2}, target: two, started: true},
		"to a file":                 {links: []string{"current -> releases/" + string(r3)}, want: release.Activation{ID: r3}, target: "releases/" + string(r3), started: true},
		"elsewhere":                 {links: []string{"current -> /usr"}, target: "/usr", started: true},
		"to the releases":           {links: []string{"current -> releases"}, target: "releases", started: true},
		"to what is no release":     {links: []string{"current -> releases/lost+found"}, target: "releases/lost+found", started: true},
		"below a release":           {links: []string{"current -> " + one + "/lib"}, target: one + "/lib", started: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.write("x", "releases", string(r1), "lib", "f")
			s.write("x", "releases", "lost+found", "f")
			s.write("x", "releases", string(r3))
			s.links(c.links...)
			s.recorded()
			in := s.inspect()
			if in.Current != c.want || in.CurrentTarget != c.target || slices.Contains(s.started(), "readlink") != c.started {
				t.Errorf("%v, by %q, started %q; want %v, by %q, readlink %v", in.Current, in.CurrentTarget, s.started(), c.want, c.target, c.started)
			}
		})
	}
}

// The releases, and the application's directory, may be on other disks.
func TestTheCurrentReleaseIsFoundBelowLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	disk := filepath.Join(filepath.Dir(s.home), "disk")
	must(t, os.Rename(s.path("releases"), disk))
	s.links("releases -> "+disk, "current -> releases/"+string(r1))
	must(t, os.Rename(s.Base, disk+"2"))
	must(t, os.Symlink(disk+"2", s.Base))
	s.recorded()
	if in := s.inspect(); in.Current.ID != r1 || in.CurrentTarget != "releases/"+string(r1) || slices.Contains(s.started(), "readlink") {
		t.Errorf("%v, by %q, started %q", in.Current, in.CurrentTarget, s.started())
	}
}
