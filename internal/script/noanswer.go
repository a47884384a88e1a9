package script

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// NoAnswer is the error of a command that sshd ran, but that never became the
// script: something else sits in between. It says what, as far as the words and
// the exit status show that.
type NoAnswer struct {
	Said   string // what was printed instead, shortened
	Status int    // exit status
	Err    error  // nil: it ended without an error
}

func (e *NoAnswer) Unwrap() error { return e.Err }

func (e *NoAnswer) Error() string {
	for _, known := range inBetween {
		if known.fits(e) {
			return known.what + e.printed() + ": " + known.remedy
		}
	}
	return fmt.Sprintf("the login shell ended with exit status %d before it ran anything%s: %s", e.Status, e.printed(), elsewhere)
}

func (e *NoAnswer) printed() string {
	switch {
	case errors.Is(e.Err, errEchoes):
		return ""
	case e.Said == "":
		return " and printed nothing"
	}
	return fmt.Sprintf(" and printed %q", e.Said)
}

// elsewhere lists the places that decide what runs.
const elsewhere = "look for exit and exec in the shell's startup files (~/.bashrc, /etc/profile.d), for ForceCommand in sshd_config, for command= in authorized_keys, and for nologin or false as the user's shell in /etc/passwd"

// inBetween has what is known to sit between sshd and sh. The first one that fits
// counts.
var inBetween = []struct {
	fits         func(e *NoAnswer) bool
	what, remedy string
}{
	{
		says("sftp connections only"), "sshd lets this user in for SFTP alone",
		"a ForceCommand internal-sftp in sshd_config, often in a Match block, applies to it: take it out of that, or log in as another user",
	},
	{
		says("This account is currently not available"), "the user's login shell lets nobody in",
		"give it a shell, such as 'usermod -s /bin/sh USER', or log in as another user",
	},
	{
		func(e *NoAnswer) bool { return errors.Is(e.Err, errEchoes) }, "another program runs in place of the login shell and sends back what it gets", elsewhere,
	},
	{
		func(e *NoAnswer) bool { return errors.Is(e.Err, errEndless) }, "the login shell prints without end", elsewhere,
	},
	{
		func(e *NoAnswer) bool { return errors.Is(e.Err, errWaits) }, fmt.Sprintf("the login shell ran nothing within %s", openingLimit),
		"something waits there for input or for a service, or another program runs in its place: " + elsewhere,
	},
	{
		func(e *NoAnswer) bool { return e.Status == 127 }, "the login shell finds no program named sh",
		"put /bin on the PATH that it sets; a restricted shell (rbash) and a chroot need an sh of their own",
	},
	{
		func(e *NoAnswer) bool { return noShell.MatchString(e.Said) }, "the login shell cannot be started",
		"it is missing on the host, or in the ChrootDirectory that sshd_config sets for this user. A chroot hides the application too: take the user out of it",
	},
}

// says returns a test for words of a program.
func says(words string) func(*NoAnswer) bool {
	return func(e *NoAnswer) bool { return strings.Contains(e.Said, words) }
}

// noShell is what sshd prints if it cannot start a login shell.
var noShell = regexp.MustCompile(`^/\S+: No such file or directory$`)
