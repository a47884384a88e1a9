package config

import (
	"strings"
	"testing"
)

func TestLookingInside(t *testing.T) {
	c, err := Load(Eval, good(map[string]string{"host": "alice@web1:2222", "expression": " IO.puts(1)\n"}))
	if err != nil || len(c.Hosts) != 1 || c.Hosts[0] != (Host{"alice", "web1", "2222"}) || c.Inside.Expression != " IO.puts(1)\n" || c.Layout.Base != "/opt/apxr/apxr_io" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = Load(Logs, good(nil)); err != nil || c.Inside != (Inside{Unit: "apxr_io.service", Follow: true}) {
		t.Errorf("%+v, %v", c.Inside, err)
	}
	c, err = Load(Logs, good(map[string]string{"units": "b.service a.service", "follow": "false"}))
	if err != nil || c.Inside != (Inside{Unit: "b.service"}) {
		t.Errorf("%+v, %v", c.Inside, err)
	}
	if c, err = Load(Logs, good(map[string]string{"unit": "apxr_io-migrate.service"})); err != nil || c.Inside.Unit != "apxr_io-migrate.service" {
		t.Errorf("%+v, %v", c.Inside, err)
	}
	if c, err = Load(Console, good(map[string]string{"host": "local", "ssh-key": "", "known-hosts": ""})); err != nil || !c.Hosts[0].IsLocal() {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestMistakesOfLookingInside(t *testing.T) {
	refuses(t, Logs, []wrong{
		one("host", "", "missing"), one("host", "web1, web2", "is not [user@]name"), one("host", "web_1", "is not [user@]name[:port]"),
		one("unit", "x", "is not the name of a systemd service"), one("unit", "x.service; reboot", "is not the name of a systemd service"),
		one("follow", "maybe", "is neither true nor false"),
	})
	refuses(t, RPC, []wrong{
		one("expression", "", "missing"), one("expression", " \n", "missing"), one("expression", "a\x00b", "NUL"),
		one("expression", strings.Repeat("x", maxExpression+1), "100001 bytes…100000 are the most"),
	})
}
