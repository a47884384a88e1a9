package ansible

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every host is this machine; nothing is changed on it, since each has mistakes.
const badInventory = `
all:
  vars:
    ansible_connection: local
    ansible_become: false
    slipway_org: apxr
    slipway_app: apxr_io
    slipway_prot: 4001
    slipway_cookie: canary-0123
    slipway_admins: [eve]
    slipway_secret_environment: {TOKEN: "canary-1\ncanary-2"}
  children:
    web-servers:
      hosts:
        web1: {slipway_port: 80}
        web2: {slipway_units: "{{ no_such }}"}
        gone: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
    build-servers:
      hosts:
        build: {slipway_tool_manager: make}
`

func TestPreflightTellsAllMistakesOfAllHosts(t *testing.T) {
	t.Parallel()
	collections, _ := unpack(t)
	dir := t.TempDir()
	inventory, results := filepath.Join(dir, "hosts.yml"), filepath.Join(dir, "results")
	if err := os.WriteFile(inventory, []byte(badInventory), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runWith(t, []string{"SLIPWAY_RESULTS=" + results, "ANSIBLE_CALLBACKS_ENABLED=apxr.slipway.lines"},
		collections, ".", "ansible-playbook", "-vvv", "--diff", "-i", inventory, "apxr.slipway.setup")
	if err == nil {
		t.Fatalf("the playbook goes on\n%s", out)
	}
	said := messages(t, results)
	for host, wants := range map[string][]string{
		"web1": {"slipway_port: 80 is a port that only root"},
		"web2": {"slipway_units: cannot be evaluated: no_such is not defined"},
		"gone": {"cannot be reached: "},
		"build": {
			"slipway_prot: there is no such variable; did you mean slipway_port?", "slipway_admins: eve is not in slipway_users",
			"slipway_admins: no admin is left", "slipway_tool_manager: value of slipway_tool_manager must be one of",
		},
	} {
		for _, want := range wants {
			if !strings.Contains(said[host], want) {
				t.Errorf("%s does not say %q, but\n%s", host, want, said[host])
			}
		}
	}
	for _, host := range []string{"web1", "web2"} {
		for _, want := range []string{"slipway_cookie: has to be 20 to 255", "slipway_secret_environment: TOKEN has a line break"} {
			if !strings.Contains(said[host], want) {
				t.Errorf("%s does not say %q, but\n%s", host, want, said[host])
			}
		}
	}
	lines, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out+string(lines), "canary") {
		t.Errorf("a secret is in the output\n%s\n%s", out, lines)
	}
}

func TestPreflightNamesMissingGroups(t *testing.T) {
	t.Parallel()
	collections, _ := unpack(t)
	dir := t.TempDir()
	inventory, results := filepath.Join(dir, "hosts"), filepath.Join(dir, "results")
	if err := os.WriteFile(inventory, []byte("[webservers]\nweb1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runWith(t, []string{"SLIPWAY_RESULTS=" + results, "ANSIBLE_CALLBACKS_ENABLED=apxr.slipway.lines"},
		collections, ".", "ansible-playbook", "-i", inventory, "apxr.slipway.setup")
	said := messages(t, results)["localhost"]
	if err == nil || !strings.Contains(said, "no host in the groups build-servers and web-servers") || !strings.Contains(said, "webservers") {
		t.Errorf("%v: %s\n%s", err, said, out)
	}
}

// messages are what failed tasks say, by host. No task may have changed anything.
func messages(t *testing.T, results string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var result struct{ Event, Host, Status, Message string }
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if result.Status == "changed" {
			t.Errorf("something was changed: %s", line)
		}
		if result.Status == "failed" {
			said[result.Host] += result.Message + "\n"
		}
	}
	return said
}
