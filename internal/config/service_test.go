package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestServiceComesThroughAsGiven(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{
		"units": "b.service, a@1.service\nc.service", "restart-flag": "/run/apxr_io/restart", "ports": "4002,4001\n80",
		"before-activate": "bin/apxr_io eval 'ApxrIo.Release.migrate()'\n", "after-activate": "true\n",
		"health-timeout": "90s", "settle": "5s",
	}))
	want := Service{
		Units: []string{"b.service", "a@1.service", "c.service"}, Restart: Restart{Flag: "/run/apxr_io/restart"}, Ports: []int{4002, 4001, 80},
		Before: "bin/apxr_io eval 'ApxrIo.Release.migrate()'\n", After: "true\n", Timeout: 90 * time.Second, Settle: 5 * time.Second,
	}
	if err != nil || !reflect.DeepEqual(c.Service, want) {
		t.Errorf("got  %+v, %v\nwant %+v", c.Service, err, want)
	}
	c, err = Load(Rollback, good(map[string]string{"restart-command": "sudo apxr-restart\n"}))
	if want := (Restart{Command: "sudo apxr-restart\n"}); err != nil || c.Service.Restart != want {
		t.Errorf("%+v, %v", c.Service.Restart, err)
	}
}

func TestVerbsGetTheirPartOfTheService(t *testing.T) {
	given := good(map[string]string{
		"restart-flag": "/run/x", "before-activate": "x", "after-activate": "x", "env-file": "A=1", "health-url": "http://localhost/", "ports": "1",
	})
	for verb, want := range map[Verb][]bool{ // units; restart and proof; environment and migrations
		Deploy: {true, true, true}, BuildAndDeploy: {true, true, true}, Rollback: {true, true, false},
		Releases: {true, false, false}, History: {true, false, false}, BuildRelease: {false, false, false}, Artifacts: {false, false, false},
	} {
		c, err := Load(verb, given)
		s := c.Service
		got := []bool{len(s.Units) == 1, s.Restart.Flag != "", s.Env != nil}
		same := []bool{got[1], got[1], got[1], got[2], got[2]}
		all := []bool{s.Health != nil, len(s.Ports) == 1, s.Timeout > 0, s.Before != "", s.After != ""}
		if err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(all, same) {
			t.Errorf("%s: %+v, %v", verb, s, err)
		}
	}
}

func TestServiceRefuses(t *testing.T) {
	const noService, noPath, noPort = "is not the name of a systemd service", "is not an absolute path of at least two plain names", "is not a number from 1 to 65535"
	long := strings.Repeat("#", maxText+1)
	refuses(t, Deploy, []wrong{
		one("units", "apxr_io", `"apxr_io" `+noService),
		one("units", "apxr_io.timer", noService),
		one("units", "-x.service", noService),
		one("units", "../x.service", noService),
		one("units", "*.service", noService),
		one("units", "a.service,b.service a.service", "a.service is listed twice"),
		one("units", ",", `no unit is named in ","`),
		{map[string]string{"units": "x a.service y"}, []string{`units: "x"`, `units: "y"`}},
		one("restart-flag", "run/x", `"run/x" `+noPath),
		one("restart-flag", "/x", noPath),
		one("restart-flag", "/run/../x", noPath),
		one("restart-flag", "/run/a b", noPath),
		one("restart-flag", "/run/$x", noPath),
		one("restart-flag", "/run/x", "restart-command is given too: choose one").with(map[string]string{"restart-command": "x"}),
		one("restart-command", long, "it has 30001 bytes, and 30000 are the most: put it into a script on the host"),
		one("before-activate", long, "put it into a script of the release"),
		one("after-activate", long, "put it into a script of the release"),
		one("before-activate", "a\x00b", "it has a NUL in it"),
		one("ports", "0", `"0" `+noPort),
		one("ports", "65536", noPort),
		one("ports", "-1", noPort),
		one("ports", "+1", noPort),
		one("ports", "080", noPort),
		one("ports", "http", noPort),
		one("ports", "4001-4002", noPort),
		one("ports", "4001 4001", "4001 is listed twice"),
		one("ports", ",", `no port is named in ","`),
		one("settle", "-1s", `"-1s" is not a duration of 0s and up to 1h`),
		one("settle", "60s", "1m0s is not shorter than health-timeout (1m0s), which it is a part of"),
		one("settle", "2s", "is not shorter than health-timeout (1s)").with(map[string]string{"health-timeout": "1s"}),
		one("health-timeout", "2h", `"2h" is not a duration above 0 and up to 1h`),
	})
}

func TestBlankCommandsAreNone(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{"restart-flag": "/run/x", "restart-command": " \n", "before-activate": "\n"}))
	if err != nil || c.Service.Restart.Command != "" || c.Service.Before != "" {
		t.Errorf("%+v, %v", c.Service, err)
	}
}
