package script

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func TestShellcheckAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, name := range scripts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A library may have functions that this script does not call.
			shellcheck(t, arguments(file(name))+call{script: name}.source(), "--exclude=SC2317")
		})
	}
}

// Two scripts write programs: the launcher, and what git runs in place of ssh.
func TestShellcheckAcceptsWhatScriptsWrite(t *testing.T) {
	t.Parallel()
	for library, function := range map[string]string{"launcher": "launcher_text", "git": "write_ssh"} {
		text, err := exec.Command("sh", "-c", file(library)+function).Output()
		must(t, err)
		if len(text) == 0 {
			t.Errorf("%s writes nothing", function)
		}
		// The environment that the launcher reads is on hosts only.
		shellcheck(t, string(text), "--exclude=SC1091")
	}
}

// shellcheck reads a text that sh would read. The checks that are off for all
// shell files, and why, are in .shellcheckrc.
func shellcheck(t *testing.T, text string, flags ...string) {
	t.Helper()
	if _, err := exec.LookPath("shellcheck"); err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("this test must run in CI: %v", err)
	} else if err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), "shellcheck", append(flags, "--shell=sh", "-")...)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

var (
	takes = regexp.MustCompile(`(?s)# [^\n]*Takes: .*?\n[^#]`)
	word  = regexp.MustCompile(`[a-z][a-z_]*`)
)

// arguments assigns all that a script's comment says it takes, and every other
// word there, as start does when the script runs. So shellcheck finds a variable
// that is neither set nor taken.
func arguments(text string) (assignments string) {
	for _, name := range word.FindAllString(takes.FindString(text), -1) {
		assignments += "export " + name + "=\"$1\"\n"
	}
	return assignments
}
