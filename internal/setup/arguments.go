package setup

import (
	"encoding/json"
	"strings"
)

// arguments returns the arguments of ansible-playbook. They hold no secrets.
func (p Plan) arguments(files place) []string {
	args := []string{files.path(playbookFile)}
	if p.Inventory != "" {
		args = append(args, "--inventory="+p.Inventory)
	}
	app, _ := json.Marshal(map[string]string{"slipway_org": p.Org, "slipway_app": p.App}) // cannot fail: all are strings
	args = append(args,
		"--inventory="+files.path("hosts.json"), "--limit=@"+files.path("limit"),
		"--user="+p.User, "--become", // root stays root, without sudo
		"--extra-vars="+string(app),
	)
	if p.Check {
		args = append(args, "--check", "--diff")
	}
	switch p.Verbose {
	case 0:
	case 1:
		args = append(args, "-v")
	default:
		args = append(args, "-vvv")
	}
	return args
}

// environment returns the settings that replace an ansible.cfg.
func (p Plan) environment(files place, home string) []string {
	env := []string{
		// The other two have the plugins that an inventory may need.
		"ANSIBLE_COLLECTIONS_PATH=" + files.path("collections") + ":" + home + "/.ansible/collections:/usr/share/ansible/collections",
		"ANSIBLE_CALLBACKS_ENABLED=apxr.slipway.lines",
		"ANSIBLE_STDOUT_CALLBACK=default",
		"ANSIBLE_DISPLAY_SKIPPED_HOSTS=0",
		"SLIPWAY_RESULTS=" + files.results(),
		"ANSIBLE_PIPELINING=1",
		"ANSIBLE_PYTHON_INTERPRETER=auto_silent",
		"ANSIBLE_SSH_ARGS=-F " + quoted(files.path("ssh_config")) + " -o ControlMaster=auto -o ControlPersist=60s",
		"ANSIBLE_SSH_CONTROL_PATH_DIR=" + files.path(controlDir),
		"ANSIBLE_HOST_KEY_CHECKING=1",
		"ANSIBLE_RETRY_FILES_ENABLED=0",
		"ANSIBLE_FORKS=20",
		"ANSIBLE_TIMEOUT=15",
	}
	if p.Access.Agent != "" {
		env = append(env, "SSH_AUTH_SOCK="+p.Access.Agent)
	}
	return env
}

// quoted makes s one word for Ansible, which splits as a shell does.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
