package world

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
)

// Person is a user of the command line.
type Person struct {
	T
	Home string
	// Settings are the environment of each run, as NAME=value. Later ones
	// replace earlier ones of the same name.
	Settings []string
	// ForVerb returns more settings for one verb; it may be nil.
	ForVerb func(verb string) []string
	// On is the host where the person is logged in as deploy; nil: the command
	// line runs on this machine.
	On *lab.Host
}

// Split separates settings, which have the form NAME=value, from arguments.
func Split(words []string) (settings, args []string) {
	for _, word := range words {
		if name, _, ok := strings.Cut(word, "="); ok && name == strings.ToUpper(name) && !strings.HasPrefix(name, "-") {
			settings = append(settings, word)
		} else {
			args = append(args, word)
		}
	}
	return settings, args
}

// environment returns the settings of one run of a verb.
func (p *Person) environment(settings, args []string) []string {
	env := slices.Clone(p.Settings)
	if p.ForVerb != nil && len(args) > 0 {
		env = append(env, p.ForVerb(args[0])...)
	}
	return append(env, settings...)
}

// Command returns the command line for this machine. Words are settings if they
// have the form NAME=value, and arguments otherwise.
func (p *Person) Command(words ...string) *exec.Cmd {
	p.Helper()
	path, err := command.Program()
	p.Must(err)
	settings, args := Split(words)
	cmd := exec.CommandContext(p.Context(), path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.Home, "USER=tester", "TERM=xterm"}, p.environment(settings, args)...)
	return cmd
}

// Slipway runs a verb to its end and logs its output.
func (p *Person) Slipway(words ...string) command.Result {
	p.Helper()
	began := time.Now()
	r := p.Begin(words...).Wait()
	_, args := Split(words)
	p.Logf("slipway %s: exit %d after %.1f s\n%s%s", strings.Join(args, " "), r.Code, time.Since(began).Seconds(), r.Stderr, r.Stdout)
	return r.Result
}

// OK runs a verb and ends the test unless it succeeds.
func (p *Person) OK(words ...string) command.Result {
	p.Helper()
	r := p.Slipway(words...)
	if r.Code != 0 {
		p.Fatalf("slipway %q: exit %d", words, r.Code)
	}
	return r
}

// Refused runs a verb and checks that it fails with this exit status and prints
// each of these words.
func (p *Person) Refused(code int, says []string, words ...string) command.Result {
	p.Helper()
	r := p.Slipway(words...)
	p.Red(code, r, says...)
	return r
}
