package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// What cannot be built is refused with the reason, once in each phase, and leaves
// nothing.
func TestWhatCannotBeBuiltIsRefused(t *testing.T) {
	s := newSite(t, "refused")
	p := s.publish(sample.SeveralReleases(s.app))
	s.env["SLIPWAY_REVISION"] = "nowhere"
	s.refused(1, []string{"there is no branch or tag nowhere in " + p.URL})
	s.env["SLIPWAY_REVISION"] = "main"
	s.refused(1, []string{"mix.exs has several releases (web, worker): name one as release"})
	s.env["SLIPWAY_RELEASE"] = "web"
	s.Must(p.Write(".tool-versions", "erlang 1.2.3\nelixir 9.9.9\nzig 1\n"))
	s.push(p, "other tools")
	s.refused(1, []string{"pins erlang 1.2.3, but the build server has 25.2.3", "pins elixir 9.9.9, but the build server has 1.14.0", "pins zig 1, but the build server has none"})
	s.Must(p.Remove(".tool-versions"))
	s.Must(p.Write("lib/broken.ex", "defmodule Broken do\n  def run, do: no_such_function()\nend\n"))
	s.push(p, "broken")
	s.refused(1, []string{"mix release failed", "lib/broken.ex:2"})
}

func TestABuildHostThatCannotBuild(t *testing.T) {
	s := newSite(t, "nohost")
	s.publish(sample.Plain(s.app))
	for _, c := range []struct{ name, prepare, undo, says string }{
		{"without git", "mv /usr/bin/git /usr/bin/git.away", "mv /usr/bin/git.away /usr/bin/git", "git is not installed on the build server"},
		{"with a full disk", "mkdir -p /home/deploy/slipway; mount -t tmpfs -o size=64m,mode=777 full /home/deploy/slipway", "umount /home/deploy/slipway", "the build server's disk is full"},
	} {
		s.cannotBuild(c.prepare, c.undo, c.says)
	}
}

// cannotBuild builds while something is wrong with the build host.
func (s *site) cannotBuild(prepare, undo, says string) {
	s.Helper()
	s.root(prepare)
	defer s.root(undo)
	s.refused(1, []string{says})
}

// Another host key than the pinned one is not taken, whatever the build server's
// own user has seen before.
func TestAGitServersHostKeyIsPinned(t *testing.T) {
	s := newSite(t, "pinned")
	s.publish(sample.Plain(s.app))
	known := s.deploy("cat .ssh/known_hosts")
	_, other := newKey(s.T)
	s.env["SLIPWAY_GIT_KNOWN_HOSTS"] = "git.apxr.test " + other
	s.refused(1, []string{"the server of " + s.env["SLIPWAY_REPOSITORY"] + " has another host key than the pinned one"})
	s.env["SLIPWAY_REPOSITORY"] = "git@github.com:apxr/apxr_io.git"
	s.root("echo " + s.lab.Host("git").Addr + " github.com >>/etc/hosts")
	s.atEnd("cp /etc/hosts /tmp/hosts && grep -v github.com /tmp/hosts >/etc/hosts")
	s.env["SLIPWAY_GIT_KNOWN_HOSTS"] = strings.ReplaceAll(known, "git.apxr.test", "gitlab.example")
	s.refused(1, []string{"has another host key than the pinned one"}) // somebody else answers for github.com
}
