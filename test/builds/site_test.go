package builds

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/sample"
	"github.com/apxr/slipway/test/world"
)

// site is the build host as one application's developer sees it.
type site struct {
	world.Person
	lab  *lab.Lab
	host *lab.Host
	app  string            // without the organization
	env  map[string]string // settings, by the names of their variables
}

const org = "test"

func newSite(t *testing.T, app string) *site {
	t.Helper()
	l := labtest.Lab(t)
	s := &site{Person: world.Person{T: world.T{T: t}, Home: t.TempDir()}, lab: l, host: l.Host("build"), app: app}
	s.env = map[string]string{
		"SLIPWAY_APP": org + "/" + app, "SLIPWAY_BUILD_HOST": s.host.Addr,
		"SLIPWAY_SSH_KEY_FILE": l.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE": l.KnownHostsPath(),
	}
	s.ForVerb = func(string) (settings []string) {
		for name, value := range s.env {
			settings = append(settings, name+"="+value)
		}
		return settings
	}
	s.root("rm -rf /home/deploy/slipway/" + org + "/" + app)
	return s
}

// onBoth runs a test over SSH and on the machine itself.
func onBoth(t *testing.T, app string, test func(s *site)) {
	t.Run("ssh", func(t *testing.T) { test(newSite(t, app+"_ssh")) })
	t.Run("local", func(t *testing.T) {
		s := newSite(t, app+"_local")
		s.On = s.host
		s.env["SLIPWAY_BUILD_HOST"], s.env["USER"] = "local", "tester"
		delete(s.env, "SLIPWAY_SSH_KEY_FILE")
		delete(s.env, "SLIPWAY_KNOWN_HOSTS_FILE")
		test(s)
	})
}

// publish makes the application's repository.
func (s *site) publish(files map[string]string) *sample.Project {
	s.Helper()
	p, err := sample.PublishTree(s.Context(), s.lab, s.TempDir(), s.app, files)
	s.Must(err)
	s.env["SLIPWAY_REPOSITORY"], s.env["SLIPWAY_REVISION"] = p.URL, "main"
	return p
}

func (s *site) push(p *sample.Project, message string) string {
	s.Helper()
	revision, err := p.Push(s.Context(), message)
	s.Must(err)
	return revision
}

// root runs a script as root on the build host, deploy as the user that builds.
func (s *site) root(script string) string   { s.Helper(); return s.as("root", script) }
func (s *site) deploy(script string) string { s.Helper(); return s.as("deploy", script) }

func (s *site) as(user, script string) string {
	s.Helper()
	out, err := s.host.RunAs(s.Context(), user, nil, "sh", "-c", script)
	s.Must(err)
	return strings.TrimSpace(out)
}

// atEnd runs a script as root on the build host when the test has ended.
func (s *site) atEnd(script string) {
	s.Cleanup(func() {
		if _, err := s.host.Run(lateContext(), nil, "sh", "-c", script); err != nil {
			s.Error(err)
		}
	})
}

// lateContext is for what cleans up after a test: the test's own has ended.
func lateContext() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// waitFor waits until a condition holds on the build host.
func (s *site) waitFor(condition string) {
	s.Helper()
	s.Until(condition, func() bool {
		_, err := s.host.Run(s.Context(), nil, "sh", "-c", condition)
		return err == nil
	})
}

// build builds and returns the release ID and everything that was said.
func (s *site) build(args ...string) (id, said string) {
	s.Helper()
	r := s.OK(append([]string{"build-release"}, args...)...)
	return strings.TrimSpace(r.Stdout), r.Stderr
}

// refused builds, expects that to fail with these words, and looks for what it
// left.
func (s *site) refused(code int, words []string, args ...string) string {
	s.Helper()
	before := s.artifacts()
	r := s.Refused(code, words, append([]string{"build-release"}, args...)...)
	if after := s.artifacts(); after != before {
		s.Errorf("a failed build changed the artifacts from %q to %q", before, after)
	}
	s.nothingLeft()
	return r.Stderr
}

// nothingLeft checks that no build has left files of its own.
func (s *site) nothingLeft() {
	s.Helper()
	if left := s.deploy("cd " + s.dir() + " 2>/dev/null && ls -d scratch artifacts/*.part 2>/dev/null || true"); left != "" {
		s.Errorf("left over: %s", left)
	}
}

func (s *site) dir() string { return "/home/deploy/slipway/" + org + "/" + s.app }

func (s *site) artifacts() string {
	s.Helper()
	return s.deploy("ls " + s.dir() + "/artifacts 2>/dev/null || true")
}

func (s *site) manifest(id string) release.Manifest {
	s.Helper()
	var m release.Manifest
	s.Must(json.Unmarshal([]byte(s.deploy("cat "+s.dir()+"/artifacts/"+id+"/manifest.json")), &m))
	s.Must(m.Validate())
	return m
}

// tree is what is in an artifact, by path, with what its manifest says of it.
func tree(m release.Manifest) map[string]release.File {
	files := map[string]release.File{}
	for _, f := range m.Files {
		files[f.Path] = f
	}
	return files
}

// knownToDiffer are the files of a release that are new with every build:
// mix makes a cookie for each tree unless mix.exs sets one.
var knownToDiffer = regexp.MustCompile(`^releases/COOKIE$`)

// differences are the paths at which two releases differ, except as is known.
func differences(a, b release.Manifest) []string {
	var paths []string
	left, right := tree(a), tree(b)
	for path, f := range left {
		if g, ok := right[path]; (!ok || f.SHA256 != g.SHA256 || f.Mode != g.Mode || f.Kind != g.Kind || f.Target != g.Target) && !knownToDiffer.MatchString(path) {
			paths = append(paths, path)
		}
	}
	for path := range right {
		if _, ok := left[path]; !ok {
			paths = append(paths, path)
		}
	}
	return paths
}
