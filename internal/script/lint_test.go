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

func TestShellcheckAcceptsASessionsShell(t *testing.T) {
	t.Parallel()
	// The texts that come later set the variables and call the functions.
	shellcheck(t, file("prelude")+file("shell")+"serve\nexit\n", "--exclude=SC2317")
}

// Two scripts write programs: the launcher, the program that git runs instead of
// ssh, and the one that ssh runs for host keys.
func TestShellcheckAcceptsWhatScriptsWrite(t *testing.T) {
	t.Parallel()
	for function, library := range map[string]string{"launcher_text": "launcher", "write_ssh": "git", "write_authorities": "git"} {
		text, err := exec.Command("sh", "-c", "line_break='\n'\n"+file(library)+function).Output()
		must(t, err)
		if len(text) == 0 {
			t.Errorf("%s writes nothing", function)
		}
		// Only hosts have the environment file that the launcher reads.
		shellcheck(t, string(text), "--exclude=SC1091")
	}
}

// shellcheck checks a text that sh would read. .shellcheckrc lists the checks
// that are off for all shell files, with the reasons.
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

// arguments returns assignments of everything that a script's comment lists as
// its arguments, every other word of it, as start makes them when the script
// runs. With them shellcheck finds variables that are neither set nor
// arguments.
func arguments(text string) (assignments string) {
	for _, name := range word.FindAllString(takes.FindString(text), -1) {
		assignments += "export " + name + "=\"$1\"\n"
	}
	return assignments
}
