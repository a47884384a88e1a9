package local

import (
	"cmp"
	"os/user"
)

// environment returns the environment that an SSH login would have. It takes
// over nothing else from this process: that environment has the runner's secrets
// and inputs, and RUNNER_TRACKING_ID, by which a self-hosted runner finds and
// kills the processes that a step left running.
func environment(getenv func(string) string, me *user.User) []string {
	login := cmp.Or(getenv("USER"), getenv("LOGNAME"), me.Username)
	values := []struct{ key, value string }{
		{"HOME", home(getenv, me)},
		{"USER", login},
		{"LOGNAME", cmp.Or(getenv("LOGNAME"), login)},
		{"SHELL", cmp.Or(getenv("SHELL"), "/bin/sh")},
		{"PATH", cmp.Or(getenv("PATH"), "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")},
		{"LANG", getenv("LANG")},
		{"TZ", getenv("TZ")},
		{"TMPDIR", getenv("TMPDIR")},
	}
	var env []string
	for _, v := range values {
		if v.value != "" {
			env = append(env, v.key+"="+v.value)
		}
	}
	return env
}

// home returns the directory in which commands start and to which file names are
// relative.
func home(getenv func(string) string, me *user.User) string {
	return cmp.Or(getenv("HOME"), me.HomeDir, "/")
}
