package ansible

import (
	"cmp"
	"path/filepath"
	"runtime"
)

const configFile = "ansible.cfg"

// environment returns the environment of a login, with settings that replace any
// ansible.cfg. It leaves out this process's own environment, which may hold a
// runner's secrets and inputs.
func environment(getenv func(string) string, dir string) []string {
	locale := "C.UTF-8" // Ansible insists on UTF-8
	if runtime.GOOS == "darwin" {
		locale = "en_US.UTF-8" // the only one that every macOS has
	}
	env := []string{
		"LC_ALL=" + locale,
		"HOME=" + cmp.Or(getenv("HOME"), "/"),
		"PYTHONUNBUFFERED=1",
		"ANSIBLE_CONFIG=" + filepath.Join(dir, configFile),
		"ANSIBLE_HOME=" + filepath.Join(dir, "home"),
		"ANSIBLE_LOCAL_TEMP=" + filepath.Join(dir, "home", "tmp"),
		"ANSIBLE_NOCOLOR=1",
		"ANSIBLE_NOCOWS=1",
		"ANSIBLE_DEPRECATION_WARNINGS=0",
		"ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS=ignore",
		"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=1",
		"ANSIBLE_INVENTORY_UNPARSED_FAILED=1",
	}
	for _, name := range []string{"PATH", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR"} {
		if value := getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
