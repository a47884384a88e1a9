package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shells returns the shells of this machine that a host may have as sh, each
// once.
func shells() [][]string {
	var all [][]string
	known := map[string]bool{}
	for _, shell := range [][]string{{"sh"}, {"dash"}, {"bash", "--posix"}, {"busybox", "sh"}} {
		path, err := exec.LookPath(shell[0])
		if err != nil {
			continue
		}
		if path, err = filepath.EvalSymlinks(path); err == nil && !known[path] {
			known[path] = true
			all = append(all, shell)
		}
	}
	return all
}

func checkShell(t *testing.T, name, text string) {
	t.Helper()
	for _, shell := range shells() {
		cmd := exec.Command(shell[0], append(shell[1:], "-n")...)
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %v\n%s", name, shell, err, out)
		}
	}
}

// A shell runs nothing of a text that a lost connection has cut. This test and
// the next two prove it in steps: the text is one group in braces that its last
// character closes, none of its files closes the group earlier, and a shell
// runs nothing of an open group.
func TestATextIsOneGroupThatItsEndCloses(t *testing.T) {
	t.Parallel()
	for _, name := range scripts(t) {
		for _, c := range []call{{script: name}, {script: name, input: strings.NewReader("")}} {
			text := c.source()
			if !strings.HasPrefix(text, "{\n") || !strings.HasSuffix(text, "\n}\n") {
				t.Errorf("%s: it begins with %q and ends in %q", name, text[:10], text[len(text)-10:])
			}
			if begin := strings.Join(strings.SplitAfter(text, "\n")[1:2], ""); !strings.HasPrefix(file("prelude"), begin) {
				t.Errorf("%s: %q comes before the prelude", name, begin)
			}
			checkShell(t, name, text)
		}
	}
}

func TestEveryFileIsShellByItself(t *testing.T) {
	t.Parallel()
	for _, name := range fileNames(t) {
		if text := file(name); !strings.HasSuffix(text, "\n") {
			t.Errorf("%s.sh: its last line has no end, so the next file continues it", name)
		}
		checkShell(t, name, file(name))
	}
}

func TestAShellRunsNothingOfACutText(t *testing.T) {
	t.Parallel()
	noInput, withInput := call{script: "discard"}.source(), call{script: "hold", input: strings.NewReader("")}.source()
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			mark := filepath.Join(t.TempDir(), "mark")
			for _, text := range []string{noInput, withInput} {
				if !runs(shell, strings.TrimSuffix(text, "\n"), mark) {
					t.Fatal("the whole text does not set the mark")
				}
				must(t, os.Remove(mark))
			}
			for _, cut := range append(lines(noInput), end(noInput)...) {
				if runs(shell, noInput[:cut], mark) {
					t.Fatalf("cut after %q, it runs", noInput[max(0, cut-40):cut])
				}
			}
			for _, cut := range end(withInput) {
				if runs(shell, withInput[:cut], mark) {
					t.Fatalf("cut after %q, it runs", withInput[max(0, cut-40):cut])
				}
			}
		})
	}
}

// runs reports whether a shell runs any part of a text. The first command of
// its group creates the file mark.
func runs(shell []string, text, mark string) bool {
	cmd := exec.Command(shell[0], append(shell[1:], "-s")...)
	cmd.Env = append(os.Environ(), "mark="+mark)
	cmd.Stdin = strings.NewReader(strings.Replace(text, "{\n", "{\n: >\"$mark\"; exit\n", 1))
	_ = cmd.Run() // cuts are syntax errors
	_, err := os.Stat(mark)
	return err == nil
}

// lines returns the ends of every third line of a text, as a sample.
func lines(text string) (cuts []int) {
	at := 0
	for line := range strings.Lines(text[:len(text)-40]) {
		at += len(line)
		cuts = append(cuts, at)
	}
	for i := range len(cuts) / 3 {
		cuts[i] = cuts[3*i]
	}
	return cuts[:len(cuts)/3]
}

// end returns every position in the last lines of a text before its last brace.
func end(text string) (cuts []int) {
	for cut := len(text) - 40; cut < len(text)-1; cut++ {
		cuts = append(cuts, cut)
	}
	return cuts
}
