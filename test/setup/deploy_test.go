package setup

import (
	"strings"
	"testing"
)

// build builds a version and returns its release ID.
func (s *site) build(version, app string) string {
	s.Helper()
	s.Must(s.project.Write("VERSION", version+"\n"))
	revision, err := s.project.Push(s.Context(), version)
	s.Must(err)
	return strings.TrimSpace(s.ok(nil, "build-release", "--app", app, "--release", strings.TrimPrefix(app, "apxr/"), "--build-host", s.builder.Addr,
		"--repository", s.project.URL, "--revision", revision).Stdout)
}

// verb are the words of a verb for the fleet.
func (s *site) verb(words ...string) []string {
	return append(words, "--inventory", s.inventory, "--health-url", "http://127.0.0.1:4001/", "--migrate")
}

// liveSite is the team with version 0.1.0 on all web servers.
func liveSite(t *testing.T) *site {
	t.Helper()
	s := readySite(t)
	s.team.deployed.reach(s.T, func() {
		s.first = s.build("0.1.0", "apxr/shop")
		s.said = s.ok([]string{s.web.Addr, s.builder.Addr}, s.verb("deploy", "--release-id", s.first)...).Said()
	})
	return s
}

func TestDeployMigrateAndRollBack(t *testing.T) {
	s := liveSite(t)
	const migrated = "migrated to 0.1.0, greeting from the unit, cookie true"
	if strings.Count(s.said, migrated) != 1 {
		t.Errorf("it did not migrate once for all hosts:\n%s", s.said)
	}
	if strings.Contains(s.said, "not as the setup phase made it") {
		t.Errorf("hosts that were just set up differ:\n%s", s.said)
	}
	second := s.build("0.2.0", "apxr/shop")
	s.ok([]string{"migrated to 0.2.0"}, s.verb("deploy", "--release-id", second)...)
	s.ok([]string{"migrations of " + second + " were started since " + s.first + " ran"}, "rollback", "--inventory", s.inventory)
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
}

func TestABuildByHandWorksOnTheBuildServer(t *testing.T) {
	s := readySite(t)
	said, err := s.deploy(s.builder, "cd src/shop && git log -1 --format=%s && export PATH=$HOME/.local/bin:$PATH && MIX_ENV=prod mise exec -- mix release shop --quiet --overwrite 2>&1 && ls _build/prod/rel/shop/bin/shop")
	if err != nil || !strings.Contains(said, "first commit of shop") || !strings.HasSuffix(said, "bin/shop") {
		t.Errorf("%v: %s", err, said)
	}
}
