package app

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
)

// needAnsible skips a test on a laptop without Ansible.
func needAnsible(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err == nil {
		return
	}
	const why = "needs ansible-core: apt-get install ansible-core"
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const classic = `
[web-servers]
zeta ansible_host=10.0.0.9 ansible_port=2222 ansible_user=root
alpha
here ansible_connection=local
local
six ansible_host=fd00::1

[web-servers:children]
more

[more]
m[1:2].example.com
alpha

[build-servers]
build1 ansible_user=root

[staging]
s1
`

var users = map[string]string{"hosts.ini": classic, "group_vars/staging/vars.yml": "slipway_deploy_user: release\n"}

func resolved(t *testing.T, verb config.Verb, given map[string]string) (settings, error) {
	t.Helper()
	key, public := newKey(t)
	values := map[string]string{
		"app": "apxr/apxr_io", "release-id": "20171114T072116", "expect-current": "20171113T072116",
		"ssh-key": string(key), "setup-key": string(key), "known-hosts": "x " + public,
	}
	maps.Copy(values, given)
	return load(t.Context(), verb, func(name string) string { return values[name] }, os.Getenv)
}

func names(hosts []config.Host) string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.String())
	}
	return strings.Join(all, " ")
}

func TestHostsFromAnInventory(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	file := filepath.Join(writeFiles(t, users), "hosts.ini")
	const web = "10.0.0.9:2222 alpha local local [fd00::1] m1.example.com m2.example.com"
	for name, c := range map[string]struct {
		verb        config.Verb
		given       map[string]string
		hosts, says string
		build       string
	}{
		"deploy":                     {config.Deploy, nil, web, "", "build1"},
		"rollback":                   {config.Rollback, nil, web, "", "build1"},
		"stage":                      {config.Stage, map[string]string{"build-host": "b2"}, web, "", "b2"},
		"activate":                   {config.Activate, nil, web, "", ""},
		"revert":                     {config.Revert, nil, web, "", ""},
		"history":                    {config.History, nil, web, "", ""},
		"releases":                   {config.Releases, map[string]string{"inventory-group": "staging"}, "release@s1", "", ""},
		"part of it":                 {config.Activate, map[string]string{"shard": "2/3"}, "local local", "", ""},
		"child group":                {config.History, map[string]string{"inventory-group": "more"}, "m1.example.com m2.example.com alpha", "", ""},
		"hosts too":                  {config.History, map[string]string{"hosts": "web1"}, web, "hosts: an inventory is given too", ""},
		"no such group":              {config.History, map[string]string{"inventory-group": "web"}, "", "it has build-servers, more, staging, web-servers", ""},
		"many builders":              {config.Deploy, map[string]string{"inventory": "many"}, "w1", "build-host: …has 2 hosts in the group build-servers", ""},
		"no builder":                 {config.Deploy, map[string]string{"inventory": "none"}, "w1", "build-host: missing, and …has no hosts in a group build-servers; it has web-servers: give build-host", ""},
		"limit":                      {config.Deploy, map[string]string{"limit": "m?.*, !m2*"}, "m1.example.com", "", "build1"},
		"limit by group":             {config.History, map[string]string{"limit": "more"}, "alpha m1.example.com m2.example.com", "", ""},
		"limit by what Slipway says": {config.History, map[string]string{"limit": "10.0.0.9:2222"}, "10.0.0.9:2222", "", ""},
		"limit elsewhere":            {config.Stage, map[string]string{"limit": "s1"}, "", "limit: \"s1\" is not in the group web-servers", "build1"},
		"limit of nobody":            {config.Revert, map[string]string{"limit": "alhpa1,m1.*"}, "", "limit: there is no host or group \"alhpa1\"", ""},
		"limit of a setup":           {config.Setup, map[string]string{"limit": "build1,zeta"}, "10.0.0.9:2222 build1", "", ""},
		"limit and part":             {config.Activate, map[string]string{"limit": "more", "shard": "1/3"}, "alpha", "", ""},
		"build":                      {config.BuildRelease, map[string]string{"repository": "git@github.com:apxr/apxr_io.git", "revision": "main"}, "", "", "build1"},
		"artifacts":                  {config.Artifacts, nil, "", "", "build1"},
		"builder's user":             {config.Deploy, map[string]string{"inventory": "own user"}, "release@w1", "", "builder@10.0.0.8:2222"},
		"builder's user by name":     {config.Artifacts, map[string]string{"inventory": "own user", "build-host": "b1"}, "", "", "builder@10.0.0.8:2222"},
		"named builder":              {config.Artifacts, map[string]string{"inventory": "many", "build-host": "b2"}, "", "", "b2"},
		"builder elsewhere":          {config.Artifacts, map[string]string{"build-host": "b9:2222"}, "", "", "b9:2222"},
		"artifacts of many":          {config.Artifacts, map[string]string{"inventory": "many"}, "", "build-host: …(b1, b2), and only one of them", ""},
		"look":                       {config.Console, map[string]string{"host": "m2.example.com"}, "m2.example.com", "", ""},
		"look by address":            {config.Logs, map[string]string{"host": "10.0.0.9"}, "10.0.0.9:2222", "", ""},
		"look with a limit":          {config.Eval, map[string]string{"limit": "six", "expression": "1"}, "[fd00::1]", "", ""},
		"look at one of one":         {config.RPC, map[string]string{"inventory-group": "staging", "expression": "1"}, "release@s1", "", ""},
		"look at many":               {config.Console, map[string]string{"limit": "m?.*"}, "", "host: 2 hosts are possible, and console looks into one: …: m1.example.com, m2.example.com", ""},
		"look beside the limit":      {config.Console, map[string]string{"limit": "more", "host": "zeta"}, "", "host: \"zeta\" is not in what limit picks", ""},
		"look at all":                {config.Console, nil, "", "host: 7 hosts are possible", ""},
		"look at nobody":             {config.Console, map[string]string{"host": "zetta"}, "", "host: there is no host or group \"zetta\". Did you mean zeta?", ""},
		"none is needed":             {config.Rollback, map[string]string{"inventory": "none"}, "w1", "", ""},
		"setup":                      {config.Setup, nil, web + " build1", "", ""},
		"setup builder":              {config.Setup, map[string]string{"inventory": "many", "build-host": "b"}, "w1 b1 b2", "build-host: an inventory is given too", ""},
		"setup nothing":              {config.Setup, map[string]string{"inventory-group": "nope"}, "build1", "it has build-servers, more", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := map[string]string{"inventory": file}
			maps.Copy(given, c.given)
			switch given["inventory"] {
			case "many":
				given["inventory"] = filepath.Join(writeFiles(t, map[string]string{"h": "[web-servers]\nw1\n[build-servers]\nb1\nb2\n"}), "h")
			case "own user":
				given["inventory"] = filepath.Join(writeFiles(t, map[string]string{
					"h": "[web-servers]\nw1\n[build-servers]\nb1 ansible_host=10.0.0.8 ansible_port=2222 slipway_build_user=builder\n", "group_vars/all": "slipway_deploy_user: release\n",
				}), "h")
			case "none":
				given["inventory"] = filepath.Join(writeFiles(t, map[string]string{"h": "[web-servers]\nw1\n"}), "h")
			}
			s, err := resolved(t, c.verb, given)
			first, second, _ := strings.Cut(c.says, "…")
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), "\n  "+first) && !strings.Contains(err.Error(), first) || !strings.Contains(err.Error(), second)) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if got := names(s.Hosts); got != c.hosts {
				t.Errorf("hosts %s, want %s", got, c.hosts)
			}
			build := ""
			if s.BuildHost != (config.Host{}) {
				build = s.BuildHost.String()
			}
			if build != c.build {
				t.Errorf("build host %s, want %s", build, c.build)
			}
		})
	}
}

// The second "local" is the name of a server, not the word for the machine
// itself.
func TestOnlyAnsibleConnectionMakesAHostTheMachineItself(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	s, _ := resolved(t, config.History, map[string]string{"inventory": filepath.Join(writeFiles(t, users), "hosts.ini")})
	if len(s.Hosts) < 4 || !s.Hosts[2].IsLocal() || s.Hosts[3].IsLocal() {
		t.Errorf("%+v", s.Hosts)
	}
}

func TestMistakesInAnInventoryComeWithTheOthers(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"twice": "[web-servers]\na ansible_host=10.0.0.1\nb ansible_host=10.0.0.1\n", "template": "[web-servers]\nw1 ansible_host='{{ ip }}'\n",
		"broken": "[web-servers\n", "plain/hosts": "[web-servers]\nw1\n", "plain/group_vars/all.yml": "a: [\n",
	})
	for name, says := range map[string]string{
		"nowhere": `/nowhere" cannot be read: no such file or directory. The path starts at`, "broken": "broken\": ", "plain/hosts": "all.yml",
		"twice": "hosts: 10.0.0.1 is listed twice", "template": `inventory: host "w1": "{{ ip }}"`,
	} {
		_, err := resolved(t, config.History, map[string]string{"inventory": filepath.Join(dir, name), "app": "A"})
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "2 mistakes") || !strings.Contains(err.Error(), "app: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list of hosts needs no Ansible. Without Ansible, an inventory is refused
// with advice how to install it.
func TestAnsibleThatIsMissingOrOld(t *testing.T) {
	dir := writeFiles(t, map[string]string{"hosts": "[web-servers]\nw1\n"})
	for script, says := range map[string]string{
		"": "Ansible is not installed on this machine: there is no ansible-",
		"#!/bin/sh\necho 'ansible-playbook 2.9.27'\n":        "version 2.9.27 (",
		"#!/bin/sh\necho 'ansible-playbook [core 2.13.1]'\n": "ansible-core 2.14 or later is needed",
		"#!/bin/sh\necho no python >&2\nexit 1\n":            "does not work on this machine: ansible-playbook --version: exit status 1: no python",
	} {
		bin := t.TempDir()
		for _, name := range []string{"ansible-playbook", "ansible-inventory"} {
			if script != "" {
				if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
		w := newWorld("setup", "--app", "b", "--inventory", filepath.Join(dir, "hosts"))
		w.env["PATH"] = bin
		w.cli(t, exitUsage, "inventory: ", says, "pipx install ansible-core", "app: ")
		w = newWorld("setup", "--app", "a/b", "--hosts", "local")
		w.env["PATH"] = bin
		w.cli(t, exitUsage, says, "pipx install ansible-core")
	}
}

func TestSecretsOfAnInventoryAreHidden(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"hosts": "[web-servers]\nw1\nw2\n", "password": "open sesame\n",
		"group_vars/all/secret.yml": "slipway_cookie: '{{ vault_cookie }}'\nvault_cookie: '{{other}}-{{ vault_cookie }}'\nother: monster-cookie\nslipway_port: 400100\nslipway_secret_environment: {TOKEN: environment-token, LEVEL: debug}\n",
	})
	encrypt := exec.Command("ansible-vault", "encrypt", "--vault-password-file", filepath.Join(dir, "password"), filepath.Join(dir, "group_vars/all/secret.yml"))
	if out, err := encrypt.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	given := map[string]string{"inventory": filepath.Join(dir, "hosts"), "vault-password": "open sesame\n"}
	s, err := resolved(t, config.History, given)
	if err != nil {
		t.Fatal(err)
	}
	const text, want = "monster-cookie environment-token open sesame 400100 debug {{ vault_cookie }}", "*** *** *** 400100 debug {{ vault_cookie }}"
	if got := s.hiding(func(string) string { return "" }).Hide(text); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	given["vault-password"] = "wrong"
	if _, err := resolved(t, config.History, given); err == nil || !strings.Contains(err.Error(), "vault-password is not the password") {
		t.Error(err)
	}
	given["vault-password"] = ""
	if _, err := resolved(t, config.Setup, given); err == nil || !strings.Contains(err.Error(), "parts of it are encrypted: give vault-password") {
		t.Error(err)
	}
}

// vaulted is an inventory of which a whole file and single values are encrypted.
func vaulted(t *testing.T) string {
	t.Helper()
	dir := writeFiles(t, map[string]string{
		"password": "open sesame\n", "hosts.yml": "web-servers: {hosts: {w1: {ansible_port: 2222}, w2: , w3: }}\nbuild-servers: {hosts: {b1: }}\n",
		"group_vars/all/vars.yml": "slipway_deploy_user: release\nslipway_cookie: '{{ vault_cookie }}'\n", "group_vars/all/vault.yml": "vault_cookie: monster-cookie\n",
		"host_vars/w2.yml": "ansible_host: 10.0.0.2\nslipway_secret_environment:\n  TOKEN: !vault |\n", "host_vars/w3/secret": "ansible_host: 10.0.0.3\n",
		"host_vars/b1.yml": "ansible_host: !vault |\n",
	})
	password := "--vault-password-file=" + filepath.Join(dir, "password")
	ansible := func(args ...string) string {
		out, err := exec.Command("ansible-vault", args...).Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return string(out)
	}
	ansible("encrypt", password, filepath.Join(dir, "group_vars/all/vault.yml"), filepath.Join(dir, "host_vars/w3/secret"))
	for _, name := range []string{"host_vars/w2.yml", "host_vars/b1.yml"} {
		_, value, _ := strings.Cut(ansible("encrypt_string", password, "10.0.0.7"), "\n")
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name), append(text, value...), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Addresses, ports and users are all that most verbs need.
func TestNamesAreReadWithoutTheVaultPassword(t *testing.T) {
	needAnsible(t)
	t.Parallel()
	dir := vaulted(t)
	given := map[string]string{"inventory": filepath.Join(dir, "hosts.yml"), "host": "w2", "expression": "1", "repository": "git@github.com:apxr/apxr_io.git", "revision": "main"}
	for _, verb := range []config.Verb{config.Rollback, config.History, config.Activate, config.Logs, config.RPC} {
		given["build-host"] = "b9"
		s, err := resolved(t, verb, given)
		if err != nil {
			t.Errorf("%s: %v", verb, err)
			continue
		}
		want := "release@w1:2222 release@10.0.0.2 release@w3"
		if takes(verb, "host") {
			want = "release@10.0.0.2"
		}
		if got := names(s.Hosts); got != want {
			t.Errorf("%s: %s, want %s", verb, got, want)
		}
		if len(s.leftOut) != 2 || s.leftOut[0] != filepath.Join(dir, "group_vars/all/vault.yml") || s.leftOut[1] != filepath.Join(dir, "host_vars/w3/secret") {
			t.Errorf("%s: left out: %q", verb, s.leftOut)
		}
	}
	delete(given, "build-host")
	if _, err := resolved(t, config.Artifacts, given); err == nil || !strings.Contains(err.Error(), "inventory: host \"b1\": ansible_host is encrypted: ") {
		t.Error(err)
	}
	given["vault-password"] = "open sesame"
	s, err := resolved(t, config.History, given)
	if err != nil || names(s.Hosts) != "release@w1:2222 release@10.0.0.2 release@10.0.0.3" || len(s.leftOut) > 0 {
		t.Errorf("%s, %v, %v", names(s.Hosts), s.leftOut, err)
	}
}

func TestALogNamesTheFilesThatWereNotRead(t *testing.T) {
	needAnsible(t)
	dir := vaulted(t)
	t.Chdir(dir)
	private, public := newKey(t)
	w := newWorld("history", "--app", "a/b", "--inventory", "hosts.yml", "--limit", "w1")
	w.env["PATH"], w.env["SLIPWAY_SSH_KEY"], w.env["SLIPWAY_KNOWN_HOSTS"] = os.Getenv("PATH"), string(private), "[127.0.0.1]:1 "+public
	w.cli(t, exitFailed, "inventory: encrypted and not read, without vault-password: group_vars/all/vault.yml, host_vars/w3/secret\n")
}
