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
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// newKey makes a key pair.
func newKey(t *testing.T) (private, public string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return read(t, file), strings.TrimSpace(read(t, file+".pub"))
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onlyDeployKeys makes the git host accept a key for one repository alone, as
// GitHub does, and none of the build host's own.
func (w *world) onlyDeployKeys(publicByRepo map[string]string) {
	w.Helper()
	git := w.lab.Host("git")
	run := func(stdin, script string) {
		w.Helper()
		_, err := git.Run(w.Context(), strings.NewReader(stdin), "sh", "-c", script)
		w.must(err)
	}
	run(`#!/bin/sh
[ "$SSH_ORIGINAL_COMMAND" = "git-upload-pack '$1.git'" ] || { echo "ERROR: Repository not found." >&2; exit 1; }
exec git-shell -c "$SSH_ORIGINAL_COMMAND"
`, "cat >/usr/local/bin/only && chmod 755 /usr/local/bin/only && usermod --shell /bin/sh git && cp -p /srv/git/.ssh/authorized_keys /root/authorized_keys")
	w.Cleanup(func() {
		if _, err := git.Run(lateContext(), nil, "sh", "-c", "mv /root/authorized_keys /srv/git/.ssh/authorized_keys && usermod --shell /usr/bin/git-shell git"); err != nil {
			w.Error(err)
		}
	})
	var lines strings.Builder
	for repo, public := range publicByRepo {
		fmt.Fprintf(&lines, "command=\"/usr/local/bin/only %s\",restrict %s\n", repo, public)
	}
	// The first line is the developer's, who pushes.
	run(lines.String(), "head -n 1 /root/authorized_keys >/srv/git/.ssh/authorized_keys && cat >>/srv/git/.ssh/authorized_keys")
}

// Each deploy key is for one repository: the application's, its private
// dependency's and its submodule's.
func TestDeployKeysAreOfferedEachToItsOwnRepository(t *testing.T) {
	onBoth(t, "keyed", func(w *world) {
		mainKey, mainPublic := newKey(w.T)
		libKey, libPublic := newKey(w.T)
		subKey, subPublic := newKey(w.T)
		lib, sub := w.app+"_lib", w.app+"_sub"
		libRev := w.library(lib)
		subRev := w.library(sub)
		files := sample.Plain(w.app)
		files["mix.exs"] = strings.Replace(files["mix.exs"], "app: :", fmt.Sprintf("deps: [{:%s, git: %q}], app: :", lib, w.lab.GitURL(lib)), 1)
		files["mix.lock"] = fmt.Sprintf("%%{\n  %q: {:git, %q, %q, []},\n}\n", lib, w.lab.GitURL(lib), libRev)
		p := w.publish(files)
		w.addSubmodule(p, "vendor/sub", "../"+sub+".git", subRev)
		w.onlyDeployKeys(map[string]string{w.app: mainPublic, lib: libPublic, sub: subPublic})

		w.refused(1, []string{"may not be read with these credentials"})
		w.env["SLIPWAY_DEPLOY_KEYS"] = mainKey + "\n# the library\n" + w.lab.GitURL(lib) + "\n" + libKey
		w.refused(1, []string{sub + ".git may not be read with these credentials"})
		w.env["SLIPWAY_DEPLOY_KEYS"] += "ssh://git@git.apxr.test/" + sub + ".git\n" + subKey
		id, _ := w.build()
		if tree(w.manifest(id))["lib/"+lib+"-0.1.0/ebin/"+lib+".app"].Path == "" {
			w.Error("the private dependency is not in the release")
		}
		if got := w.deploy("cat " + w.dir() + "/checkout/vendor/sub/lib/" + sub + ".ex"); !strings.Contains(got, "defmodule") {
			w.Errorf("the submodule is not in the checkout: %s", got)
		}
		w.env["SLIPWAY_DEPLOY_KEYS"] = mainKey + w.lab.GitURL(lib) + "\n" + subKey // somebody else's
		w.refused(1, []string{"mix deps.get failed"}, "--clean")
	})
}

// library publishes a repository beside the application's and returns its commit.
func (w *world) library(name string) (revision string) {
	w.Helper()
	p, err := sample.PublishTree(w.Context(), w.lab, w.TempDir(), name, sample.Plain(name))
	w.must(err)
	out, err := exec.Command("git", "-C", p.Dir(), "rev-parse", "HEAD").Output()
	w.must(err)
	return strings.TrimSpace(string(out))
}

// addSubmodule commits a submodule by hand: the developer's machine cannot
// reach the git host by its name.
func (w *world) addSubmodule(p *sample.Project, path, url, commit string) {
	w.Helper()
	w.must(p.Write(".gitmodules", fmt.Sprintf("[submodule \"a name\"]\n\tpath = %s\n\turl = %s\n", path, url)))
	w.push(p, "submodule")
	script := `set -eu; cd "$1"
export GIT_AUTHOR_NAME=dev GIT_AUTHOR_EMAIL=dev@apxr.test GIT_COMMITTER_NAME=dev GIT_COMMITTER_EMAIL=dev@apxr.test
git update-index --add --cacheinfo "160000,$3,$2"
git commit --quiet -m 'pin the submodule'`
	out, err := exec.Command("sh", "-c", script, "sh", p.Dir(), path, commit).CombinedOutput()
	if err != nil {
		w.Fatalf("%v: %s", err, out)
	}
	w.must(w.lab.PublishRepo(w.Context(), p.Dir(), w.app))
}

func TestAForwardedAgentIsAChoice(t *testing.T) {
	w := newWorld(t, "forwarded")
	key, public := newKey(t)
	w.publish(sample.Plain(w.app))
	w.onlyDeployKeys(map[string]string{w.app: public})
	socket := filepath.Join(t.TempDir(), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	w.must(agent.Start())
	t.Cleanup(func() {
		w.must(agent.Process.Kill())
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
	w.env["SSH_AUTH_SOCK"] = socket
	w.refused(1, []string{"may not be read with these credentials"})
	w.build("--forward-agent")
	w.env["SSH_AUTH_SOCK"] = ""
	w.refused(2, []string{"SSH_AUTH_SOCK is not set"}, "--forward-agent")
}

func TestAGitServersHostKeyIsPinned(t *testing.T) {
	w := newWorld(t, "pinned")
	w.publish(sample.Plain(w.app))
	known := w.deploy("cat .ssh/known_hosts")
	_, other := newKey(t)
	w.env["SLIPWAY_GIT_KNOWN_HOSTS"] = "git.apxr.test " + other
	w.refused(1, []string{"the server of " + w.env["SLIPWAY_REPOSITORY"] + " has another host key than the pinned one"})
	w.root("mv /home/deploy/.ssh/known_hosts /root/known_hosts")
	defer w.root("mv /root/known_hosts /home/deploy/.ssh/known_hosts")
	delete(w.env, "SLIPWAY_GIT_KNOWN_HOSTS")
	w.refused(1, []string{"is not pinned: give its lines of known_hosts as git-known-hosts"})
	w.env["SLIPWAY_GIT_KNOWN_HOSTS"] = known
	w.build()
	w.env["SLIPWAY_REPOSITORY"] = "git@github.com:apxr/apxr_io.git"
	w.root("echo " + w.lab.Host("git").Addr + " github.com >>/etc/hosts")
	defer w.root("cp /etc/hosts /tmp/hosts && grep -v github.com /tmp/hosts >/etc/hosts")
	w.env["SLIPWAY_GIT_KNOWN_HOSTS"] = strings.ReplaceAll(known, "git.apxr.test", "gitlab.example")
	w.refused(1, []string{"has another host key than the pinned one"}) // somebody else answers for github.com
}

// A token reads a private repository, a private dependency and Git LFS over
// HTTPS, and goes to no other server.
func TestATokenReadsOverHTTPS(t *testing.T) {
	w := newWorld(t, "tokened")
	const token = "ghs_0123456789abcdefTOKEN"
	server, err := gitserver.Start(w.lab, token)
	w.must(err)
	w.Cleanup(func() { w.must(server.Close()) })
	other, err := gitserver.Start(w.lab, token) // it would take the token
	w.must(err)
	w.Cleanup(func() { w.must(other.Close()) })
	for _, s := range []*gitserver.Server{server, other} {
		w.must(s.Trust(w.Context(), w.host, "deploy"))
	}
	lib := w.app + "_lib"
	libRev := w.serve(server, lib, sample.Plain(lib))
	files := sample.Plain(w.app)
	files["mix.exs"] = strings.Replace(files["mix.exs"], "app: :", fmt.Sprintf("deps: [{:%s, git: %q}], app: :", lib, server.URL("apxr/"+lib)), 1)
	files["mix.lock"] = fmt.Sprintf("%%{\n  %q: {:git, %q, %q, []},\n}\n", lib, server.URL("apxr/"+lib), libRev)
	oid, size := server.AddLFS([]byte("a large file"))
	files[".gitattributes"] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
	files["priv/large.bin"] = gitserver.LFSPointer(oid, size)
	w.serve(server, w.app, files)
	w.env["SLIPWAY_REPOSITORY"], w.env["SLIPWAY_REVISION"] = server.URL("apxr/"+w.app), "main"

	w.refused(1, []string{"wants credentials: give a git-token"})
	w.env["SLIPWAY_GIT_TOKEN"] = "wrong"
	w.refused(1, []string{"may not be read with these credentials"})
	w.env["SLIPWAY_GIT_TOKEN"] = token
	id, said := w.build()
	w.noCanary(said, token)
	large := w.dir() + "/artifacts/" + id + "/tree/lib/" + w.app + "-0.1.0/priv/large.bin"
	if got := w.deploy("cat " + large); got != "a large file" {
		w.Errorf("the file in Git LFS is %q", got)
	}
	w.root("mv /usr/bin/git-lfs /usr/bin/git-lfs.away")
	defer w.root("mv /usr/bin/git-lfs.away /usr/bin/git-lfs")
	w.refused(1, []string{"install git-lfs on the build server"})

	w.serve(other, lib, sample.Plain(lib))
	files["mix.exs"] = strings.ReplaceAll(files["mix.exs"], server.URL("apxr/"+lib), other.URL("apxr/"+lib))
	files["mix.lock"] = strings.ReplaceAll(files["mix.lock"], server.URL("apxr/"+lib), other.URL("apxr/"+lib))
	delete(files, ".gitattributes")
	w.serve(server, w.app, files)
	w.refused(1, []string{"mix deps.get failed"})
	if len(other.Requests()) == 0 {
		w.Error("the other server was not asked at all")
	}
	for _, r := range other.Requests() {
		if r.Authorized {
			w.Errorf("%s %s had the token", r.Method, r.Path)
		}
	}
}

// serve publishes files as a repository of an HTTPS server.
func (w *world) serve(s *gitserver.Server, name string, files map[string]string) (revision string) {
	w.Helper()
	dir, repo := w.TempDir(), w.TempDir()
	for file, text := range files {
		path := filepath.Join(dir, file)
		w.must(os.MkdirAll(filepath.Dir(path), 0o755))
		w.must(os.WriteFile(path, []byte(text), 0o644))
	}
	revision, err := lab.CommitDir(w.Context(), dir, repo, "first", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	w.must(err)
	w.must(s.Publish(w.Context(), repo, "apxr/"+name))
	return revision
}
