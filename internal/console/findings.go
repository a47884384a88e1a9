package console

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// Refused reports that a host does not let a person look inside, with all reasons.
type Refused struct {
	Host    string
	Reasons []string
}

func (e *Refused) Error() string {
	lines := make([]string, len(e.Reasons))
	for i, reason := range e.Reasons {
		lines[i] = e.Host + ": " + reason
	}
	return strings.Join(lines, "\n")
}

const setup = "run the setup phase with slipway_allow_console: true"

// userRE matches user names that any shell reads as one plain word.
var userRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// judge returns an error with everything that keeps a person out.
func (p Plan) judge(host string, in script.Inside) error {
	var reasons []string
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	for _, tool := range in.Missing {
		if tool == "script" && p.Way == Console {
			continue
		}
		say("%s is not installed, or not on the PATH: install it%s", tool, from[tool])
	}
	if len(in.Units) == 0 || in.Units[0].Load != "loaded" {
		say("there is no unit %s: is that its name, and is this the right host?", p.Unit)
	} else if p.Way != Logs {
		p.judgeService(in, say)
	}
	if p.Way != Logs {
		p.judgeWrapper(in, say)
	}
	p.judgeSudo(in, say)
	if len(reasons) == 0 {
		return nil
	}
	return &Refused{host, reasons}
}

var from = map[string]string{"script": " (it is in bsdutils or util-linux)"}

func (p Plan) judgeService(in script.Inside, say func(string, ...any)) {
	unit := in.Units[0]
	switch {
	case in.User == "" || in.User == "root":
		say("%s runs as root: give it a user of its own (User=), or nobody but root can look inside", p.Unit)
	case !userRE.MatchString(in.User):
		say("%s runs as %q, which is not a valid user name", p.Unit, in.User)
	}
	if in.Current.IsZero() && !in.Hidden {
		say("nothing is deployed in %s: deploy a release first, or name its directory (--deploy-to)", p.Layout.Base)
		return
	}
	if p.Way != Eval && (unit.Active != "active" || unit.PID == 0) {
		say("%s is %s: %s needs the running node. 'slipway logs' shows why it does not run, and 'slipway eval' works without it", p.Unit, unit.Active, p.Way)
	}
}

// judgeWrapper refuses a program that users other than root could have written: it
// runs as the application's user.
func (p Plan) judgeWrapper(in script.Inside, say func(string, ...any)) {
	if in.Wrapper == nil {
		say("%s is not there: %s", p.Wrapper(), setup)
		return
	}
	if in.Wrapper.Kind != "regular file" {
		say("%s is a %s, not a regular file: find out who put it there, then %s", p.Wrapper(), in.Wrapper.Kind, setup)
		return
	}
	judgeOwner(p.Wrapper(), *in.Wrapper, say)
	if in.WrapperDir != nil {
		judgeOwner(strings.TrimSuffix(wrappers, "/"), *in.WrapperDir, say)
	}
}

func judgeOwner(path string, e script.Entry, say func(string, ...any)) {
	if e.UID != 0 || e.Mode&0o022 != 0 {
		say("%s can be written by others than root (UID %d, mode %04o): find out what they wrote, then %s", path, e.UID, e.Mode, setup)
	}
}

func (p Plan) judgeSudo(in script.Inside, say func(string, ...any)) {
	as, remedy := "", "run the setup phase"
	if p.Way != Logs {
		if as = "-u " + in.User + " "; in.User == "" {
			return // it is not known as which user to run the wrapper
		}
		remedy = setup
	}
	switch {
	case in.Sudo == "unread":
		say("it is not known whether %s may run 'sudo %s%s', since 'sudo -n -l' shows no list and says: %s: %s, or log in as a user who may (NAME@HOST)", in.Login, as, p.rule(), in.SudoSaid, remedy)
	case in.Sudo == "no":
		say("%s may not run 'sudo %s%s': %s, or log in as a user who may (NAME@HOST)", in.Login, as, p.rule(), remedy)
	case in.Sudo == "password" && p.Way != Console:
		say("sudo asks %s for a password to run '%s%s', and there is no terminal to ask on: the sudo rule needs NOPASSWD", in.Login, as, p.rule())
	}
}
