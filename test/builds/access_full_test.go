//go:build full

package builds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/gitserver"
	"github.com/apxr/slipway/test/sample"
)

// Each deploy key is for one repository: the application's, its private
// dependency's and its submodule's.
func TestDeployKeysAreOfferedEachToItsOwnRepository(t *testing.T) {
	onBoth(t, "keyed", func(s *site) {
		mainKey, mainPublic := newKey(s.T)
		libKey, libPublic := newKey(s.T)
		subKey, subPublic := newKey(s.T)
		lib, sub := s.app+"_lib", s.app+"_sub"
		libRevision, subRevision := s.library(lib), s.library(sub)
		files := sample.Plain(s.app)
		s.needs(files, lib, libRevision)
		p := s.publish(files)
		s.addSubmodule(p.Dir(), "vendor/sub", "../"+sub+".git", subRevision)
		s.Must(s.lab.PublishRepo(s.Context(), p.Dir(), s.app))
		s.onlyDeployKeys(map[string]string{s.app: mainPublic, lib: libPublic, sub: subPublic})

		s.refused(1, []string{"may not be read with these credentials"})
		s.env["SLIPWAY_DEPLOY_KEYS"] = mainKey + "\n# the library\n" + s.lab.GitURL(lib) + "\n" + libKey
		s.refused(1, []string{sub + ".git may not be read with these credentials"})
		s.env["SLIPWAY_DEPLOY_KEYS"] += "ssh://git@git.apxr.test/" + sub + ".git\n" + subKey
		id, _ := s.build()
		if tree(s.manifest(id))["lib/"+lib+"-0.1.0/ebin/"+lib+".app"].Path == "" {
			s.Error("the private dependency is not in the release")
		}
		if got := s.deploy("cat " + s.dir() + "/checkout/vendor/sub/lib/" + sub + ".ex"); !strings.Contains(got, "defmodule") {
			s.Errorf("the submodule is not in the checkout: %s", got)
		}
		s.env["SLIPWAY_DEPLOY_KEYS"] = mainKey + s.lab.GitURL(lib) + "\n" + subKey // somebody else's
		s.refused(1, []string{"mix deps.get failed"}, "--clean")
	})
}

func TestAForwardedAgentIsAChoice(t *testing.T) {
	s := newSite(t, "forwarded")
	key, public := newKey(s.T)
	s.publish(sample.Plain(s.app))
	s.onlyDeployKeys(map[string]string{s.app: public})
	socket := filepath.Join(t.TempDir(), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	s.Must(agent.Start())
	t.Cleanup(func() {
		s.Must(agent.Process.Kill())
		agent.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		add := exec.Command("ssh-add", "-q", "-")
		add.Stdin, add.Env = strings.NewReader(key), append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		if out, err := add.CombinedOutput(); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	s.env["SSH_AUTH_SOCK"] = socket
	s.refused(1, []string{"may not be read with these credentials"})
	s.build("--forward-agent")
	s.env["SSH_AUTH_SOCK"] = ""
	s.refused(2, []string{"SSH_AUTH_SOCK is not set"}, "--forward-agent")
}

func TestAGitServersHostKeyMayBeGiven(t *testing.T) {
	s := newSite(t, "given")
	s.publish(sample.Plain(s.app))
	known := s.deploy("cat .ssh/known_hosts")
	s.root("mv /home/deploy/.ssh/known_hosts /root/known_hosts")
	s.atEnd("mv /root/known_hosts /home/deploy/.ssh/known_hosts")
	s.refused(1, []string{"is not pinned: give its lines of known_hosts as git-known-hosts"})
	s.env["SLIPWAY_GIT_KNOWN_HOSTS"] = known
	s.build()
}

// A token reads a private repository, a private dependency and Git LFS over
// HTTPS, and goes to no other server.
func TestATokenReadsOverHTTPS(t *testing.T) {
	s := newSite(t, "tokened")
	const token = "ghs_0123456789abcdefTOKEN"
	server, err := gitserver.Start(s.lab, token)
	s.Must(err)
	s.Cleanup(func() { s.Must(server.Close()) })
	other, err := gitserver.Start(s.lab, token) // it would take the token
	s.Must(err)
	s.Cleanup(func() { s.Must(other.Close()) })
	for _, one := range []*gitserver.Server{server, other} {
		s.Must(one.Trust(s.Context(), s.host, "deploy"))
	}
	lib := s.app + "_lib"
	libRevision := s.serve(server, lib, sample.Plain(lib))
	files := sample.Plain(s.app)
	files["mix.exs"] = strings.Replace(files["mix.exs"], "app: :", fmt.Sprintf("deps: [{:%s, git: %q}], app: :", lib, server.URL("apxr/"+lib)), 1)
	files["mix.lock"] = fmt.Sprintf("%%{\n  %q: {:git, %q, %q, []},\n}\n", lib, server.URL("apxr/"+lib), libRevision)
	oid, size := server.AddLFS([]byte("a large file"))
	files[".gitattributes"] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
	files["priv/large.bin"] = gitserver.LFSPointer(oid, size)
	s.serve(server, s.app, files)
	s.env["SLIPWAY_REPOSITORY"], s.env["SLIPWAY_REVISION"] = server.URL("apxr/"+s.app), "main"

	s.refused(1, []string{"wants credentials: give a git-token"})
	s.env["SLIPWAY_GIT_TOKEN"] = "wrong"
	s.refused(1, []string{"may not be read with these credentials"})
	s.env["SLIPWAY_GIT_TOKEN"] = token
	id, said := s.build()
	s.noCanary(said, token)
	large := s.dir() + "/artifacts/" + id + "/tree/lib/" + s.app + "-0.1.0/priv/large.bin"
	if got := s.deploy("cat " + large); got != "a large file" {
		s.Errorf("the file in Git LFS is %q", got)
	}
	s.root("mv /usr/bin/git-lfs /usr/bin/git-lfs.away")
	defer s.root("mv /usr/bin/git-lfs.away /usr/bin/git-lfs")
	s.refused(1, []string{"install git-lfs on the build server"})

	s.serve(other, lib, sample.Plain(lib))
	files["mix.exs"] = strings.ReplaceAll(files["mix.exs"], server.URL("apxr/"+lib), other.URL("apxr/"+lib))
	files["mix.lock"] = strings.ReplaceAll(files["mix.lock"], server.URL("apxr/"+lib), other.URL("apxr/"+lib))
	delete(files, ".gitattributes")
	s.serve(server, s.app, files)
	s.refused(1, []string{"mix deps.get failed"})
	if len(other.Requests()) == 0 {
		s.Error("the other server was not asked at all")
	}
	for _, r := range other.Requests() {
		if r.Authorized {
			s.Errorf("%s %s had the token", r.Method, r.Path)
		}
	}
}

// serve publishes files as a repository of an HTTPS server.
func (s *site) serve(on *gitserver.Server, name string, files map[string]string) (revision string) {
	s.Helper()
	repo := s.commit(files)
	s.Must(on.Publish(s.Context(), repo, "apxr/"+name))
	return s.Tool("git", "-C", repo, "rev-parse", "HEAD")
}
