package config

import (
	"slices"
	"strings"
	"testing"
)

func TestALimitPicksAsAnsibleDoes(t *testing.T) {
	fleet := Candidates{Of: "the group web-servers", Hosts: []Candidate{
		{Names: []string{"web1", "10.0.0.1:2222", "10.0.0.1"}, Groups: []string{"web-servers", "eu"}},
		{Names: []string{"web2", "10.0.0.2"}, Groups: []string{"web-servers", "us"}},
		{Names: []string{"web10", "[fd00::1]"}, Groups: []string{"web-servers", "eu"}},
		{Names: []string{"db1"}, Groups: []string{"databases", "eu"}, Other: true},
	}}
	for limit, want := range map[string]string{
		"web2": "web2", "web10,web1": "web1 web10", "web?": "web1 web2", "web1*": "web1 web10", "*": "web1 web2 web10", "all": "web1 web2 web10",
		"eu": "web1 web10", "e?": "web1 web10", "10.0.0.1": "web1", "10.0.0.1:2222": "web1", "[fd00::1]": "web10", "web[12]": "web1 web2",
		"!web2": "web1 web10", "eu:!web1": "web10", "!web1, eu": "web10", "web*:&us": "web2", "web1\nweb2": "web1 web2", "!db1": "web1 web2 web10", "&eu": "web1 web10",
		"webb10":    "no host or group \"webb10\". Did you mean web10?",
		"!webb10":   "no host or group \"webb10\". Did you mean web10?",
		"queue*":    "no host or group \"queue*\"; there are web1, web2, web10",
		"db1":       "\"db1\" is not in the group web-servers",
		"us,!web*":  "\"us,!web*\" leaves no host of the group web-servers",
		" , ":       "names no host",
		"web1:web2": "no host or group \"web1:web2\"",
	} {
		picked, err := fleet.Pick(limit)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", limit, err, want)
			}
			continue
		}
		var names []string
		for _, i := range picked {
			names = append(names, fleet.Hosts[i].Names[0])
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %s, want %s", limit, got, want)
		}
	}
}

func TestALimitOfListedHosts(t *testing.T) {
	const list = "web1, release@web2:2222, local, [fd00::1]"
	for _, c := range []struct {
		verb               Verb
		build, limit, want string
	}{
		{Deploy, "build1", "web1", "web1"},
		{Deploy, "build1", "web2", "release@web2:2222"},
		{Rollback, "build1", "!local, !fd00::1", "web1 release@web2:2222"},
		{History, "", "web*", "web1 release@web2:2222"},
		{Setup, "build1", "web1", "web1"},
		{Setup, "build1", "web1,build1", "web1 and build1"},
		{Setup, "web1", "web1", "web1 and web1"},
		{Setup, "build1", "build*", " and build1"},
	} {
		given := good(map[string]string{"hosts": list, "build-host": c.build, "limit": c.limit})
		loaded, err := Load(c.verb, given)
		if err != nil {
			t.Errorf("%s: %v", c.limit, err)
			continue
		}
		var names []string
		for _, h := range loaded.Hosts {
			names = append(names, h.String())
		}
		got := strings.Join(names, " ")
		if c.verb == Setup && loaded.BuildHost != (Host{}) {
			got += " and " + loaded.BuildHost.String()
		}
		if got != c.want || c.verb == Deploy && loaded.BuildHost.String() != "build1" {
			t.Errorf("%s of %s: %s, want %s", c.verb, c.limit, got, c.want)
		}
	}
}

func TestALimitComesBeforeParts(t *testing.T) {
	c, err := Load(Activate, good(map[string]string{"hosts": "a1 a2 b1 b2", "limit": "b*", "shard": "2/2"}))
	if err != nil || len(c.Hosts) != 1 || c.Hosts[0].Host != "b2" {
		t.Errorf("%v, %v", c.Hosts, err)
	}
}

func TestALimitOfAnUnknownHostIsAMistake(t *testing.T) {
	for _, v := range doing(visits | looks) {
		m := mistakes(t, v, good(map[string]string{"limit": "!web11"}))
		if want := "limit: there is no host or group \"web11\". Did you mean web1?"; !slices.Contains(m, want) {
			t.Errorf("%s: %q", v, m)
		}
	}
}
