package config

import (
	"strings"
	"testing"
)

func TestParseHost(t *testing.T) {
	for given, want := range map[string]Host{
		"web1":                    {"deploy", "web1", "22"},
		"web1.example.com":        {"deploy", "web1.example.com", "22"},
		"web1:2222":               {"deploy", "web1", "2222"},
		"root@web1":               {"root", "web1", "22"},
		"_apxr-2@web1:65535":      {"_apxr-2", "web1", "65535"},
		"10.0.0.1":                {"deploy", "10.0.0.1", "22"},
		"deploy@10.0.0.1:22":      {"deploy", "10.0.0.1", "22"},
		"[fd00::1]":               {"deploy", "fd00::1", "22"},
		"[fd00::1]:2222":          {"deploy", "fd00::1", "2222"},
		"ops@[fe80::1%eth0]:2222": {"ops", "fe80::1%eth0", "2222"},
	} {
		got, err := ParseHost(given)
		if err != nil || got != want {
			t.Errorf("ParseHost(%q) = %+v, %v", given, got, err)
		}
	}
}

func TestParseHostRefuses(t *testing.T) {
	for given, why := range map[string]string{
		"":                       "not [user@]name[:port]",
		"@web1":                  "no user name",
		"Root@web1":              "no user name",
		"a b@web1":               "no user name",
		"-oProxyCommand=x":       "not [user@]name[:port]",
		"-x@web1":                "no user name",
		"deploy@":                "not [user@]name[:port]",
		"a@b@web1":               "not [user@]name[:port]",
		strings.Repeat("a", 254): "not [user@]name[:port]",
		"web1;id":                "not [user@]name[:port]",
		"web_1":                  "not [user@]name[:port]",
		"web1:":                  `port ""`,
		"web1:ssh":               `port "ssh"`,
		"web1:0":                 `port "0"`,
		"web1:65536":             `port "65536"`,
		"web1:-22":               `port "-22"`,
		"fd00::1":                "IPv6 address stands in brackets",
		"fd00::1:2222":           "IPv6 address stands in brackets",
		"[fd00::1":               "IPv6 address stands in brackets",
		"[fd00::1]2222":          "IPv6 address stands in brackets",
		"[fd00::zz]":             "IPv6 address stands in brackets",
		"ssh://deploy@web1":      "no user name",
	} {
		if h, err := ParseHost(given); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseHost(%q) = %+v, %v; want an error with %q", given, h, err, why)
		}
	}
}

func TestAHostIsCalledWhatAPersonWrote(t *testing.T) {
	for given, want := range map[string]string{
		"web1": "web1", "web1:22": "web1", "deploy@web1": "web1", "web1:2222": "web1:2222",
		"root@web1": "root@web1", "root@web1:2222": "root@web1:2222",
		"[fd00::1]": "[fd00::1]", "[fd00::1]:2222": "[fd00::1]:2222", "root@[fd00::1]:22": "root@[fd00::1]",
	} {
		h, err := ParseHost(given)
		if err != nil {
			t.Fatal(err)
		}
		if h.String() != want {
			t.Errorf("%q is called %q, want %q", given, h, want)
		}
		if again, err := ParseHost(h.String()); err != nil || again != h {
			t.Errorf("%q reads back as %+v, %v", h, again, err)
		}
	}
}
