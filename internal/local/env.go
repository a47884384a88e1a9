package local

import (
	"cmp"
	"os/user"
)

// environment is that of an SSH login: of the process's own, which has the
// runner's secrets and inputs and RUNNER_TRACKING_ID, by which a self-hosted
// runner kills whatever a step has left running, nothing else is taken over.
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

// home is where commands start and what relative names are below.
func home(getenv func(string) string, me *user.User) string {
	return cmp.Or(getenv("HOME"), me.HomeDir, "/")
}
