package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mirrors returns the mirrors of the site's repositories.
func (s *site) mirrors() []string {
	s.t.Helper()
	mirrors, err := filepath.Glob(filepath.Join(s.home, "slipway/mirrors/*.git"))
	must(s.t, err)
	return mirrors
}

// layOutTwice checks a revision out twice: the second time from the mirror alone.
func (s *site) layOutTwice(o origin, revision string) (log string) {
	s.t.Helper()
	for range 2 {
		_, said, err := s.layOut(o, revision)
		if err != nil {
			s.t.Fatalf("%v\n%s", err, said)
		}
		log = said
	}
	return log
}

// A file may be as git writes it, and still be one that git would change in the next
// commit. The file is older than the attributes in all of these repositories.
func TestAttributesMayChangeFiles(t *testing.T) {
	t.Parallel()
	utf16 := "\xff\xfea\x00\n\x00"
	for _, c := range []struct{ name, text, attributes, want string }{
		{"text", "a\r\nb\r\n", "* text=auto\n", "a\r\nb\r\n"},
		{"eol", "a\r\nb\n", "*.txt text eol=crlf\n", "a\r\nb\r\n"},
		{"ident", "$Id: of another system $\n", "*.txt ident\n", ""},
		{"encoding", "a\n", "*.txt text working-tree-encoding=UTF-16LE-BOM\n", utf16},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, o, sub := gitSite(t), newOrigin(t, "app"), newOrigin(t, "sub")
			for _, in := range []origin{o, sub} {
				in.commit("a name.txt", c.text)
				in.commit("deep/é.txt", c.text)
				in.commit(".gitattributes", c.attributes)
			}
			o.pin("sub", "a sub", sub.url(), head(t, sub.dir))
			s.layOutTwice(o, "main")
			for _, name := range []string{"a name.txt", "deep/é.txt", "a sub/a name.txt"} {
				if got := s.readHome(BuildDir(app), "checkout", name); c.want != "" && got != c.want {
					t.Errorf("%s is %q, want %q", name, got, c.want)
				}
			}
			if len(s.mirrors()) != 2 {
				t.Errorf("mirrors: %q", s.mirrors())
			}
		})
	}
}

func TestTheUsersOwnLineEndingsAreNoDamage(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	s.writeHome("[core]\n\tautocrlf = input\n", ".gitconfig")
	o.commit("a.bat", "echo\r\n")
	s.layOutTwice(o, "main")
}

func TestAFilterMayWriteSomethingElseEachTime(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	s.writeHome("[filter \"dated\"]\n\tsmudge = \"cat; date +%s%N\"\n\tclean = cat\n", ".gitconfig")
	o.commit("x.txt", "x\n")
	o.commit(".gitattributes", "# filter=none\n*.txt filter=dated\n*.key filter=git-crypt diff=git-crypt\n")
	log := s.layOutTwice(o, "main")
	if !strings.HasPrefix(s.readHome(BuildDir(app), "checkout", "x.txt"), "x\n1") {
		t.Error("the filter did not run")
	}
	if !strings.Contains(log, "has no filter git-crypt, which .gitattributes names") || strings.Contains(log, "filter dated") || strings.Contains(log, "filter none") {
		t.Errorf("the log:\n%s", log)
	}
}

// git reports a file that it cannot write, and calls the checkout a success.
func TestAFileThatGitDoesNotWriteIsNamedAndTheMirrorStays(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"missing":  `rm "$tree/b"`,
		"shorter":  `printf x >"$tree/b"`,
		"a link":   `ln -sf nowhere "$tree/b"`,
		"no link":  `rm "$tree/l" && printf b >"$tree/l"`,
		"filtered": `rm "$tree/f.bin"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, o := gitSite(t), newOrigin(t, "app")
			s.writeHome("[filter \"cat\"]\n\tsmudge = cat\n", ".gitconfig")
			o.commit(".gitattributes", "*.bin filter=cat\n")
			o.commit("f.bin", "f")
			o.commit("b", "a longer text")
			must(t, os.Symlink("b", filepath.Join(o.dir, "l")))
			o.git("add", "l")
			o.git("commit", "--quiet", "--message=l")
			git, err := exec.LookPath("git")
			must(t, err)
			s.command("git", git+` "$@"; was=$?
				case "$*" in *" checkout --quiet --detach "*) tree="$HOME/`+BuildDir(app)+`/checkout"; sleep 0.01; `+damage+` ;; esac; exit $was`)
			_, log, err := s.layOut(o, "main")
			wantReason(t, err, "git has not written")
			if len(s.mirrors()) != 1 {
				t.Errorf("the mirror is gone: %v\n%s", err, log)
			}
		})
	}
}
