package setup

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWhatAnsibleIsGiven(t *testing.T) {
	p := Plan{
		Org: "apxr", App: "apxr_io", User: "admin", Check: true, Verbose: 2,
		Vars: []byte("slipway_cookie: s3cr3t\n"), Vault: []byte("s3cr3t"), Access: Access{Agent: "/run/agent"},
		Servers: []Server{
			{Name: "web1", Address: "web1", Port: "22", Web: true, Build: true},
			{Name: "web1:2222", Address: "web1", Port: "2222", Web: true, DeployUser: "release"},
			{Name: "[fd00::1]", Address: "fd00::1", Port: "22", Web: true},
			{Name: "local", Local: true, Build: true},
			{Name: "local:22", Address: "local", Port: "22", Web: true},
		},
	}
	text, err := p.inventory()
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	json.Unmarshal([]byte(`{
		"web-servers": {"hosts": {
			"web1": {"ansible_host": "web1", "ansible_port": 22},
			"web1-2222": {"ansible_host": "web1", "ansible_port": 2222, "slipway_deploy_user": "release"},
			"fd00--1": {"ansible_host": "fd00::1", "ansible_port": 22},
			"local-22": {"ansible_host": "local", "ansible_port": 22}}},
		"build-servers": {"hosts": {"web1": {"ansible_host": "web1", "ansible_port": 22}, "local": {"ansible_connection": "local"}}}}`), &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s", text)
	}
	if got := string(p.limit()); got != "web1\nweb1-2222\nfd00--1\nlocal\nlocal-22\n" {
		t.Errorf("%q", got)
	}
	files := place{"/x y"}
	args := p.arguments(files)
	wantArgs := []string{
		"/x y/setup.yml", "--inventory=/x y/hosts.json", "--limit=@/x y/limit", "--user=admin", "--become",
		`--extra-vars={"slipway_app":"apxr_io","slipway_org":"apxr"}`, "--check", "--diff", "-vvv",
	}
	if !slices.Equal(args, wantArgs) {
		t.Errorf("%q", args)
	}
	env := p.environment(files, "/home/ann")
	for _, want := range []string{
		"ANSIBLE_COLLECTIONS_PATH=/x y/collections:/home/ann/.ansible/collections:/usr/share/ansible/collections", "SSH_AUTH_SOCK=/run/agent",
		"ANSIBLE_SSH_ARGS=-F '/x y/ssh_config' -o ControlMaster=auto -o ControlPersist=60s", "ANSIBLE_CALLBACKS_ENABLED=apxr.slipway.lines",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("%q lacks %q", env, want)
		}
	}
	if strings.Contains(strings.Join(append(args, env...), " "), "s3cr3t") {
		t.Error("a secret is among arguments or variables")
	}
}

func TestAGroupOfAnInventoryIsTheWebServers(t *testing.T) {
	p := Plan{Inventory: "hosts.ini", Group: "staging", Names: []string{"s1"}}
	text, err := p.inventory()
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), ""), `"web-servers":{"children":{"staging":{}}}`) {
		t.Errorf("%s, %v", text, err)
	}
	if args := p.arguments(place{"/x"}); args[1] != "--inventory=hosts.ini" || args[2] != "--inventory=/x/hosts.json" {
		t.Errorf("the generated inventory must come after the one that defines the group: %q", args)
	}
}

// ssh -G prints how ssh reads the configuration.
func TestSSHGoesOnlyWhereItMay(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test must run in CI: %v", err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	text, err := place{dir}.sshConfig(Access{Agent: "/run/a 100%h/agent", Jumps: []Jump{{"gate", "outer", "22"}, {"root", "inner", "2222"}}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string][]string{
		"web1":           {"hostname web1", "proxyjump slipway-jump-2", "stricthostkeychecking true", "globalknownhostsfile /dev/null", "batchmode yes", "forwardagent no", "userknownhostsfile " + dir + "/known_hosts", "identityagent /run/a 100%h/agent"},
		"inner":          {"hostname inner", "proxyjump slipway-jump-2"}, // a jump host that is also set up
		"slipway-jump-2": {"hostname inner", "port 2222", "user root", "proxyjump slipway-jump-1", "stricthostkeychecking true"},
		"slipway-jump-1": {"hostname outer", "port 22", "user gate", "stricthostkeychecking true"},
	} {
		out, err := exec.Command(ssh, "-G", "-F", config, host).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		lines := strings.Split(string(out), "\n")
		for _, line := range want {
			if !slices.Contains(lines, line) && !(strings.HasPrefix(line, "identityagent") && slices.Contains(lines, strings.ReplaceAll(line, "%", "%%"))) {
				t.Errorf("%s: lacks %q:\n%s", host, line, out)
			}
		}
		if host == "slipway-jump-1" && strings.Contains(string(out), "proxyjump slipway") {
			t.Errorf("the first jump host is reached through another: %s", out)
		}
	}
	if _, err := (place{`/a"b`}).sshConfig(Access{}); err == nil {
		t.Error("a path that breaks the configuration was taken")
	}
}
