package lab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

var when = time.Date(2017, 11, 14, 7, 21, 16, 0, time.UTC)

// writeTree writes files; an empty text removes one.
func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if text == "" {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func commit(t *testing.T, src, repo, message string, when time.Time) string {
	t.Helper()
	sha, err := lab.CommitDir(t.Context(), src, repo, message, when)
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

func git(t *testing.T, repo string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestCommitDirIsDeterministic(t *testing.T) {
	// As a person's own configuration and environment might have it.
	t.Setenv("GIT_AUTHOR_NAME", "Somebody")
	t.Setenv("GIT_INDEX_FILE", "/nowhere")
	t.Setenv("TZ", "Asia/Tokyo")
	config := filepath.Join(t.TempDir(), "gitconfig")
	writeTree(t, filepath.Dir(config), map[string]string{"gitconfig": "[core]\n\tautocrlf = input\n[init]\n\tdefaultBranch = other\n"})
	t.Setenv("GIT_CONFIG_GLOBAL", config)

	src := t.TempDir()
	writeTree(t, src, map[string]string{
		"mix.exs": "one\r\n", ".gitignore": "*.log\n", ".gitattributes": "* text=auto\n", "kept.log": "log\n",
		"lib/deps/a.ex": "a\n", "_build/x": "x\n", "deps/y": "y\n", ".git/config": "[core]\n",
	})
	// The ID is what git makes of this on any machine.
	const want = "cc4cdf0a79393f8cc839cd59825997de2fb90b19"
	for range 2 {
		if sha := commit(t, src, t.TempDir(), "first", when); sha != want {
			t.Errorf("got %s, want %s", sha, want)
		}
	}
}

func TestCommitDirFollowsTheDirectory(t *testing.T) {
	src, repo := t.TempDir(), t.TempDir()
	writeTree(t, src, map[string]string{"a": "1\n", "b": "1\n"})
	first := commit(t, src, repo, "first", when)
	writeTree(t, src, map[string]string{"a": "", "c/d": "2\n"})
	second := commit(t, src, repo, "second", when.Add(time.Hour))
	same := commit(t, src, repo, "nothing new", when.Add(2*time.Hour))

	if files := git(t, repo, "ls-tree", "-r", "--name-only", "HEAD"); files != "b\nc/d" {
		t.Errorf("the tree holds %q", files)
	}
	if log := git(t, repo, "log", "--format=%H", "main"); log != same+"\n"+second+"\n"+first {
		t.Errorf("the history is\n%s", log)
	}
	if status := git(t, repo, "status", "--porcelain", "--ignored"); status != "" {
		t.Errorf("the work tree differs:\n%s", status)
	}
}

func TestBuildHostClonesWhatIsPublished(t *testing.T) {
	l := labtest.Lab(t)
	build := l.Host("build")
	src, repo := t.TempDir(), t.TempDir()
	writeTree(t, src, map[string]string{"README.md": "one\n"})
	first := commit(t, src, repo, "first", when)
	git(t, repo, "tag", "v1")
	publish := func() {
		t.Helper()
		if err := l.PublishRepo(t.Context(), repo, "apxr/clone_test"); err != nil {
			t.Fatal(err)
		}
	}
	publish()
	sh(t, build, "deploy", "git clone --quiet "+l.GitURL("apxr/clone_test")+" ~/clone_test")

	writeTree(t, src, map[string]string{"README.md": "two\n"})
	second := commit(t, src, repo, "second", when)
	publish()
	got := sh(t, build, "deploy", "cd ~/clone_test; git pull --quiet; git rev-parse v1 main; git branch --show-current")
	if want := first + "\n" + second + "\nmain"; got != want {
		t.Errorf("the clone has\n%s\nwant\n%s", got, want)
	}
	refused(t, l.Host("git"), "git", "true")
}
