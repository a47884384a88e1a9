package config

import (
	"reflect"
	"slices"
	"testing"
)

func TestASetupComesThroughAsGiven(t *testing.T) {
	vars := "slipway_cookie: !vault geheim\nslipway_users: [{name: ann}]\n"
	c, err := Load(Setup, good(map[string]string{
		"build-host": "", "hosts": "", "inventory": "deploy/hosts.ini", "inventory-group": "staging", "vault-password": " pass word \n",
		"setup-user": "admin", "setup-vars": vars, "check": "true",
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.Ansible.values = nil
	want := Ansible{Inventory: "deploy/hosts.ini", Group: "staging", VaultPassword: []byte(" pass word "), User: "admin", Vars: []byte(vars), Check: true}
	if !reflect.DeepEqual(c.Ansible, want) {
		t.Errorf("%+v", c.Ansible)
	}
}

func TestSetupNeedsServers(t *testing.T) {
	for name, c := range map[string]struct{ hosts, build, inventory, says string }{
		"hosts":       {"web1", "", "", ""},
		"build host":  {"", "build1", "", ""},
		"both":        {"web1", "build1", "", ""},
		"inventory":   {"", "", "hosts.ini", ""},
		"none":        {"", "", "", "hosts: missing. Say which servers to set up: hosts, build-host or both, or an inventory"},
		"a wrong one": {"web_1", "", "", "hosts: …is not [user@]name[:port]"},
	} {
		m := mistakes(t, Setup, good(map[string]string{"hosts": c.hosts, "build-host": c.build, "inventory": c.inventory}))
		if c.says == "" && len(m) > 0 || c.says != "" && (len(m) != 1 || !says(m[0], c.says)) {
			t.Errorf("%s: %q", name, m)
		}
	}
}

// The code that resolves an inventory reports what is wrong with it.
func TestAnInventoryStandsInForHosts(t *testing.T) {
	for _, v := range doing(every) {
		if m := mistakes(t, v, good(map[string]string{"hosts": "", "build-host": "", "host": "", "inventory": "hosts.ini"})); len(m) > 0 {
			t.Errorf("%s: %q", v, m)
		}
	}
}

func TestAllServersOfASetupMayBeHere(t *testing.T) {
	nothing := map[string]string{"hosts": "", "build-host": "local", "setup-key": "", "known-hosts": ""}
	if m := mistakes(t, Setup, good(nothing)); len(m) > 0 {
		t.Errorf("%q", m)
	}
	nothing["hosts"] = "web1"
	if m := mistakes(t, Setup, good(nothing)); len(m) != 2 {
		t.Errorf("%q", m)
	}
}

func TestMistakesOfASetup(t *testing.T) {
	vars := func(text, says string) wrong { return one("setup-vars", text, says) }
	refuses(t, Setup, []wrong{
		one("setup-key", "", "missing. Give the private key"),
		one("setup-user", "Root!", `"Root!" is not the name of a user`),
		one("inventory-group", "a:&b", `"a:&b" is not the name of a group`),
		one("check", "yes", `"yes" is neither true nor false`),
		vars("s3cr3t", "not a YAML mapping"),
		vars("- s3cr3t", "not a YAML mapping"),
		vars("slipway_a: 1\nslipway_b: [s3cr3t", "not a YAML mapping…(line "),
		vars("slipway_a: 1\n---\nslipway_b: 2\n", "not a YAML mapping"),
		vars("slipway_a: 1\nslipway_a: 2\n", "not a YAML mapping…(line 2"),
		vars("slipway_a: 1\ns3cr3t: 2\n", "line 2: its name is not one of slipway's variables"),
		vars("ansible_user: root\n", "line 1: its name is not"),
		vars("slipway_app: other\n", "slipway_app is not what app says"),
	})
	refuses(t, Deploy, []wrong{{map[string]string{"inventory": "a,b"}, []string{`inventory: "a,b" is not one path`}}})
}

func TestSetupVarsMayBeComments(t *testing.T) {
	for _, text := range []string{"# slipway_port: 4001\n", "---\n# slipway_port: 4001\n"} {
		c, err := Load(Setup, good(map[string]string{"setup-vars": text}))
		if err != nil || c.Ansible.Vars != nil {
			t.Errorf("%q: %q, %v", text, c.Ansible.Vars, err)
		}
	}
}

func TestValuesOfASetupAreSecrets(t *testing.T) {
	c, err := Load(Setup, good(map[string]string{
		"vault-password": "open sesame", "setup-vars": `
slipway_app: apxr_io
slipway_port: 4001
slipway_cookie: monster-cookie
slipway_secret_environment: {DATABASE_URL: "postgres://x", LIST: [in a list]}
slipway_git_key: |
  of several
  lines
`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	secrets := c.Secrets()
	for _, want := range []string{"open sesame", "monster-cookie", "postgres://x", "in a list", "of several\nlines\n", "-----BEGIN\nx\n"} {
		if !slices.Contains(secrets, want) {
			t.Errorf("%q is not hidden", want)
		}
	}
	for _, public := range []string{"4001", "apxr_io", "DATABASE_URL"} {
		if slices.Contains(secrets, public) {
			t.Errorf("%q is hidden", public)
		}
	}
}
