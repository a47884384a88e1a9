package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestAccessComesThroughAsGiven(t *testing.T) {
	given := map[string]string{
		"ssh-key": "KEY\n", "ssh-passphrase": " pass phrase \r\n", "ssh-certificate": "ssh-ed25519-cert-v01@openssh.com AAAA\n",
		"ssh-agent": "/run/agent", "known-hosts": "web1 x\n", "jump-hosts": "gate, root@inner:2222", "verbose": "2",
	}
	for _, name := range []string{"key", "passphrase", "certificate"} {
		given["setup-"+name] = given["ssh-"+name]
	}
	want := Access{
		Key: []byte("KEY\n"), Passphrase: []byte(" pass phrase "), Certificate: []byte("ssh-ed25519-cert-v01@openssh.com AAAA\n"),
		Agent: "/run/agent", KnownHosts: []byte("web1 x\n"), Jumps: []Host{{"deploy", "gate", "22"}, {"root", "inner", "2222"}}, Verbose: 2,
	}
	for _, v := range doing(every) {
		c, err := Load(v, good(given))
		if err != nil || !reflect.DeepEqual(c.Access, want) {
			t.Errorf("%s: %+v, %v", v, c.Access, err)
		}
	}
}

func TestWaysToLogIn(t *testing.T) {
	const agent, local = "/run/agent", "local"
	for name, c := range map[string]struct {
		verb                    Verb
		build, hosts            string
		key, agent, known, says string
	}{
		"key":                           {Deploy, "b", "h", "KEY", "", "k", ""},
		"agent":                         {Deploy, "b", "h", "", agent, "k", ""},
		"both":                          {Deploy, "b", "h", "KEY", agent, "k", ""},
		"neither":                       {Deploy, "b", "h", "", "", "k", "ssh-key: missing. Give the private key, or run an SSH agent (SSH_AUTH_SOCK)"},
		"blanks":                        {Deploy, "b", "h", " \n", "", "k", "ssh-key: missing."},
		"a socket by half":              {Deploy, "b", "h", "", "agent", "k", `ssh-agent: "agent" is not the absolute path of a socket`},
		"a socket by half, and a key":   {Deploy, "b", "h", "KEY", "agent", "k", ""},
		"agent, no host keys":           {Deploy, "b", "h", "", agent, "", "known-hosts: missing."},
		"host keys of blanks":           {Deploy, "b", "h", "KEY", "", " \n", "known-hosts: missing."},
		"all is here":                   {Deploy, local, local, "", "", "", ""},
		"all is here, broken socket":    {Deploy, local, local, "", "agent", "", ""},
		"the build server is there":     {Deploy, "b", local, "", "", "k", "ssh-key: missing."},
		"the web server is there":       {Deploy, local, "h", "", "", "k", "ssh-key: missing."},
		"one web server is there":       {Deploy, local, "local h", "", "", "k", "ssh-key: missing."},
		"a rollback needs no build":     {Rollback, "", local, "", "", "", ""},
		"a rollback may use one":        {Rollback, "b", local, "", "", "k", "ssh-key: missing."},
		"a build needs no web servers":  {BuildRelease, local, "h", "", "", "", ""},
		"history here":                  {History, "b", local, "", "", "", ""},
		"history there":                 {History, local, "h", "", "", "k", "ssh-key: missing."},
		"a server with the port is not": {Rollback, "", "local:22", "", "", "k", "ssh-key: missing."},
	} {
		m := mistakes(t, c.verb, good(map[string]string{
			"build-host": c.build, "hosts": c.hosts, "ssh-key": c.key, "ssh-agent": c.agent, "known-hosts": c.known,
		}))
		if c.says == "" && len(m) > 0 || c.says != "" && (len(m) != 1 || !strings.Contains(m[0], c.says)) {
			t.Errorf("%s: %q, want %q", name, m, c.says)
		}
	}
}

func TestHostsMayBeTheMachineItself(t *testing.T) {
	c, err := Load(BuildAndDeploy, good(map[string]string{"build-host": "local", "hosts": "web1 local"}))
	if err != nil || !c.BuildHost.IsLocal() || c.Hosts[0].IsLocal() || !c.Hosts[1].IsLocal() {
		t.Errorf("%+v, %v", c.Hosts, err)
	}
}

func TestAccessRefuses(t *testing.T) {
	refuses(t, Releases, []wrong{
		one("verbose", "3", `"3" is not 0, 1 or 2`),
		one("verbose", "-1", `"-1" is not 0, 1 or 2`),
		one("verbose", "yes", `"yes" is not 0, 1 or 2`),
		one("jump-hosts", "gate gate:22", "gate is listed twice"),
		one("jump-hosts", "local", "local is the machine that this runs on"),
		one("jump-hosts", ", ", `no host is named in ","`),
		one("jump-hosts", "gate:ssh", `"gate:ssh" has port "ssh"`),
		{map[string]string{"jump-hosts": "gate;id -oProxyCommand=x"}, []string{"jump-hosts: ", "jump-hosts: "}},
		one("ssh-key", "", "missing. Give the private key").with(map[string]string{"ssh-passphrase": "s3cr3t"}),
	})
}
