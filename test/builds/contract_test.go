package builds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/gitserver"
	"github.com/apxr/slipway/test/sample"
)

const (
	token  = "ghs_CANARYtokenCANARY"
	value  = "CANARYvalueCANARY$(id) \"'\\ end"
	second = "line one CANARY\n  line two CANARY"
)

// What the verb promises, the same over SSH and on the machine itself, of one
// build that has everything: C, a private repository with Git LFS that a token
// reads, a private dependency and a submodule with a deploy key each, variables
// and commands. Its secrets reach what they are for, and nothing else.
func TestAReleaseIsBuiltAndDescribed(t *testing.T) {
	onBoth(t, "contract", func(s *site) {
		revision, keys := s.everything()
		s.refused(1, []string{"wants credentials: give a git-token"})
		s.env["SLIPWAY_GIT_TOKEN"] = token
		for _, key := range keys {
			s.env["SLIPWAY_DEPLOY_KEYS"] += "# a comment\n" + key.repository + "\n" + key.private
		}
		s.env["SLIPWAY_BUILD_ENV"] = "CANARY=" + value + "\nSECOND<<END\n" + second + "\nEND\n"
		s.env["SLIPWAY_BEFORE_RELEASE"] = `echo "before: $CANARY"`

		secrets := []string{token, value, "line two CANARY"}
		for _, key := range keys {
			lines := strings.Split(strings.TrimSpace(key.private), "\n")
			secrets = append(secrets, lines[1:len(lines)-1]...)
		}
		stop := s.watchArguments(secrets)
		id, said := s.build()
		stop()
		s.noCanary(said, secrets...)
		s.Says(said, "the value is *** and ", "before: ***")
		m := s.manifest(id)
		s.isDescribed(m, revision)
		s.hasEverything(id, m)
		s.saysPhases(said)
		s.nothingLeft()
		s.Says(s.OK("artifacts").Stdout, id+"  0.1.0    "+revision[:12]+"  main")
	})
}

// deployKey is a key and the one repository that it is for.
type deployKey struct{ repository, private string }

// everything publishes the application, its dependency and its submodule.
func (s *site) everything() (revision string, keys []deployKey) {
	s.Helper()
	server, err := gitserver.Start(s.lab, token)
	s.Must(err)
	s.Cleanup(func() { s.Must(server.Close()) })
	s.Must(server.Trust(s.Context(), s.host, "deploy"))
	lib, sub := s.app+"_lib", s.app+"_sub"
	libRevision, subRevision := s.library(lib), s.library(sub)
	public := map[string]string{}
	for _, name := range []string{lib, sub} {
		private, its := newKey(s.T)
		public[name] = its
		keys = append(keys, deployKey{s.lab.GitURL(name), private})
	}
	files := sample.WithNIF(s.app)
	s.needs(files, lib, libRevision)
	files["lib/canary.ex"] = canary
	oid, size := server.AddLFS([]byte("a large file"))
	files[".gitattributes"] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
	files["priv/large.bin"] = gitserver.LFSPointer(oid, size)
	repo := s.commit(files)
	revision = s.addSubmodule(repo, "vendor/sub", s.lab.GitURL(sub), subRevision)
	s.Must(server.Publish(s.Context(), repo, "apxr/"+s.app))
	s.env["SLIPWAY_REPOSITORY"], s.env["SLIPWAY_REVISION"] = server.URL("apxr/"+s.app), "main"
	s.onlyDeployKeys(public)
	return revision, keys
}

// canary is compiled only if both variables arrive as they are. The source does
// not have the values as the test looks for them.
const canary = `
if System.get_env("CANARY") != "CANARY" <> "valueCANARY$(id) \"'\\ end", do: raise("CANARY is another")
if System.get_env("SECOND") != "line one" <> " CANARY\n  line two" <> " CANARY", do: raise("SECOND is another")
if System.get_env("SLIPWAY_GIT_TOKEN") || System.get_env("SSH_AUTH_SOCK"), do: raise("compilers get git's credentials")
IO.puts("the value is #{System.get_env("CANARY")} and #{System.get_env("SECOND")}")
`

// needs makes a project depend on a library of the git host.
func (s *site) needs(files map[string]string, lib, revision string) {
	files["mix.exs"] = strings.Replace(files["mix.exs"], "app: :", fmt.Sprintf("deps: [{:%s, git: %q}], app: :", lib, s.lab.GitURL(lib)), 1)
	files["mix.lock"] = fmt.Sprintf("%%{\n  %q: {:git, %q, %q, []},\n}\n", lib, s.lab.GitURL(lib), revision)
}

func (s *site) isDescribed(m release.Manifest, revision string) {
	s.Helper()
	if m.Revision != revision || m.Version != "0.1.0" || m.App != s.app || m.Release != s.app || m.Ref != "main" || m.Elixir != "1.14.0" || m.OTP != "25.2.3" {
		s.Errorf("%+v", m)
	}
	if m.OS != "Linux" || m.Arch == "" || m.Kernel == "" || m.NewestGlibc() == "" || !slices.Contains(m.Libraries(), "libc.so.6") {
		s.Errorf("the manifest lacks what a host must be checked for: %s %s %s, glibc %s, %v", m.OS, m.Arch, m.Kernel, m.NewestGlibc(), m.Libraries())
	}
}

// hasEverything checks that the release has the dependency, the large file and
// the library in C, and the checkout the submodule.
func (s *site) hasEverything(id string, m release.Manifest) {
	s.Helper()
	native := false
	for _, f := range m.Files {
		native = native || strings.HasSuffix(f.Path, "/priv/nif.so") && slices.Contains(f.Needs, "libm.so.6")
	}
	if !native {
		s.Error("what the library in C needs is not in the manifest")
	}
	if lib := s.app + "_lib"; tree(m)["lib/"+lib+"-0.1.0/ebin/"+lib+".app"].Path == "" {
		s.Error("the private dependency is not in the release")
	}
	there := s.deploy("cd " + s.dir() + " && cat artifacts/" + id + "/tree/lib/" + s.app + "-0.1.0/priv/large.bin checkout/vendor/sub/lib/" + s.app + "_sub.ex")
	if !strings.HasPrefix(there, "a large file") || !strings.Contains(there, "defmodule") {
		s.Errorf("the file in Git LFS and the submodule's are %q", there)
	}
}

func (s *site) saysPhases(said string) {
	s.Helper()
	lines := strings.Split(strings.TrimSpace(said), "\n")
	s.Says(lines[len(lines)-1], "Check out main ", "Tools ", "Project ", "Dependencies ", "Release ")
}
