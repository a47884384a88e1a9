//go:build full

package gitserver_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/gitserver"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

const token = "ghs_right"

var when = time.Date(2017, 11, 14, 7, 21, 16, 0, time.UTC)

// A world is a server, the build host, and a directory on it for one test.
type world struct {
	*gitserver.Server
	t     *testing.T
	build *lab.Host
	dir   string
}

// start serves the repository apxr/NAME.
func start(t *testing.T, name string, files map[string]string) *world {
	t.Helper()
	l := labtest.Lab(t)
	server, err := gitserver.Start(l, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, server.Close()) })
	src, repo := t.TempDir(), t.TempDir()
	for name, text := range files {
		check(t, os.WriteFile(filepath.Join(src, name), []byte(text), 0o644))
	}
	_, err = lab.CommitDir(t.Context(), src, repo, "first", when)
	check(t, err)
	check(t, server.Publish(t.Context(), repo, "apxr/"+name))
	return &world{server, t, l.Host("build"), "~/gitserver/" + name}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) trust() {
	w.t.Helper()
	check(w.t, w.Trust(w.t.Context(), w.build, "deploy"))
}

// git runs a script on the build host in which `git` asks no person for anything.
func (w *world) git(script string) (string, error) {
	return w.build.RunAs(w.t.Context(), "deploy", nil, "sh", "-euc",
		"export GIT_TERMINAL_PROMPT=0\nmkdir -p "+w.dir+"\ncd "+w.dir+"\n"+script)
}

func (w *world) mustGit(script string) string {
	w.t.Helper()
	out, err := w.git(script)
	check(w.t, err)
	return strings.TrimSpace(out)
}

// refused says that a script fails, and how.
func (w *world) refused(script, want string) {
	w.t.Helper()
	out, err := w.git(script)
	if err == nil || !strings.Contains(err.Error(), want) {
		w.t.Errorf("%s: got %q and the error %v, want one with %q", script, out, err, want)
	}
}

func header(token string) string {
	return "-c http.extraHeader='Authorization: Basic " +
		base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token)) + "' "
}

func TestCloneNeedsTheToken(t *testing.T) {
	w := start(t, "clone", map[string]string{"README.md": "hello\n"})
	url := w.URL("apxr/clone")
	w.refused("git "+header(token)+"clone -q "+url+" untrusted", "certificate")
	if got := w.Requests(); len(got) != 0 {
		t.Errorf("a client without trust sent requests: %v", got)
	}
	w.trust()
	w.refused("git clone -q "+url+" none", "could not read Username")
	w.refused("git "+header("ghs_wrong")+"clone -q "+url+" wrong", "could not read Username")
	w.refused(strings.Replace(askpass, token, "ghs_wrong", 1)+"git clone -q "+url+" wrong", "Authentication failed")
	w.refused("git "+header(token)+"clone -q "+w.URL("apxr/other")+" other", "not found")
	w.refused("git "+header("ghs_wrong")+"clone -q "+w.URL("apxr/other")+" other", "could not read Username")
	if slices.ContainsFunc(w.Requests(), func(r gitserver.Request) bool { return r.Authorized && strings.Contains(r.Path, "apxr/clone") }) {
		t.Errorf("somebody had the token: %v", w.Requests())
	}

	w.mustGit("git " + header(token) + "clone -q " + url + " right")
	if got := w.mustGit("cat right/README.md; git -C right branch --show-current"); got != "hello\nmain" {
		t.Errorf("the clone has %q", got)
	}
	want := gitserver.Request{Method: "POST", Path: "/apxr/clone.git/git-upload-pack", Authorized: true}
	if got := w.Requests(); !slices.Contains(got, want) {
		t.Errorf("the log has no %v: %v", want, got)
	}
}

// askpass is how git asks a program for a user name, then for a password.
const askpass = `printf '#!/bin/sh\ncase $1 in Username*) echo anybody ;; *) echo ` + token + ` ;; esac\n' >askpass
chmod 755 askpass
export GIT_ASKPASS=$PWD/askpass
`

func TestFetchOneCommitWithAskpass(t *testing.T) {
	w := start(t, "fetch", map[string]string{"README.md": "hello\n"})
	w.trust()
	url := w.URL("apxr/fetch")
	sha := w.mustGit(askpass + "git clone -q " + url + " all; git -C all rev-parse HEAD")
	got := w.mustGit(askpass + "git init -q one; cd one\n" +
		"git fetch -q --depth=1 --filter=blob:none " + url + " " + sha + "; git rev-parse FETCH_HEAD")
	if got != sha {
		t.Errorf("fetched %q, want %q", got, sha)
	}
}

func TestNobodyPushes(t *testing.T) {
	w := start(t, "push", map[string]string{"README.md": "hello\n"})
	w.trust()
	w.mustGit("git " + header(token) + "clone -q " + w.URL("apxr/push") + " work")
	w.refused("cd work; git "+header(token)+"push -q origin main:other", "403")
}

func TestLFS(t *testing.T) {
	data := "\x00not text\n" + strings.Repeat("lfs", 1000)
	sum := sha256.Sum256([]byte(data))
	oid := hex.EncodeToString(sum[:])
	w := start(t, "lfs", map[string]string{
		".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
		"a.bin":          gitserver.LFSPointer(oid, int64(len(data))),
	})
	w.trust()
	// Debian's git-lfs has its filter in /etc/gitconfig: a clone would fetch the object at once.
	w.mustGit("GIT_LFS_SKIP_SMUDGE=1 git " + header(token) + "clone -q " + w.URL("apxr/lfs") + " work")
	pull := "cd work; git "
	w.refused(pull+header(token)+"lfs pull", "does not exist")
	if got, size := w.AddLFS([]byte(data)); got != oid || size != int64(len(data)) {
		t.Fatalf("the object is %s of %d bytes, want %s of %d", got, size, oid, len(data))
	}
	w.refused(pull+"lfs pull", "could not read Username")
	w.refused(pull+header("ghs_wrong")+"lfs pull", "uthoriz")
	if got := w.mustGit("head -c 7 work/a.bin"); got != "version" {
		t.Errorf("without the token the file begins with %q", got)
	}

	w.mustGit(pull + header(token) + "lfs pull")
	w.mustGit(askpass + "GIT_LFS_SKIP_SMUDGE=1 git clone -q " + w.URL("apxr/lfs") + " asked; cd asked; git lfs pull")
	w.mustGit("git " + header(token) + "clone -q " + w.URL("apxr/lfs") + " smudged")
	for _, file := range []string{"work/a.bin", "asked/a.bin", "smudged/a.bin"} {
		if got := w.mustGit("sha256sum <" + file); !strings.HasPrefix(got, oid) {
			t.Errorf("%s has the sum %s, want %s", file, got, oid)
		}
	}
	want := gitserver.Request{Method: "GET", Path: "/apxr/lfs.git/info/lfs/objects/" + oid, Authorized: true}
	if got := w.Requests(); !slices.Contains(got, want) {
		t.Errorf("the log has no %v: %v", want, got)
	}
}
