package config

import (
	"net/url"
	"reflect"
	"slices"
	"testing"
)

func TestHealthURLsOfTheHostItself(t *testing.T) {
	for _, given := range []string{
		"http://127.0.0.1:4001/health", "http://localhost", "https://LOCALHOST/x?y=z", "https://127.9.8.7", "http://[::1]:4001/", "https://[::1]/",
	} {
		for _, v := range doing(changes) {
			c, err := Load(v, good(map[string]string{"health-url": given}))
			if err != nil || c.Service.Health.URL.String() != given {
				t.Errorf("%s: %q: %+v, %v", v, given, c.Service.Health, err)
			}
		}
	}
}

func TestHealthByDefault(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{"health-url": "http://localhost/"}))
	if err != nil {
		t.Fatal(err)
	}
	h := c.Service.Health
	if h.ServerName != "" || h.Body != nil || !reflect.DeepEqual(h.Status, []StatusRange{{200, 299}}) {
		t.Errorf("%+v", h)
	}
	// An action passes its defaults like any other value: they request no
	// check.
	c, err = Load(Deploy, good(map[string]string{"health-status": "200-299"}))
	if err != nil || c.Service.Health != nil {
		t.Errorf("%+v, %v", c.Service.Health, err)
	}
}

func TestHealthComesThroughAsGiven(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{
		"health-url": "https://localhost/", "health-server-name": "apxr-1.example.com", "health-status": "204, 300-399\n503", "health-body": ` "ok":\s*true `,
	}))
	if err != nil {
		t.Fatal(err)
	}
	h := c.Service.Health
	if h.ServerName != "apxr-1.example.com" || h.Body.String() != `"ok":\s*true` || !slices.Equal(h.Status, []StatusRange{{204, 204}, {300, 399}, {503, 503}}) {
		t.Errorf("%+v", h)
	}
}

func TestHealthRefuses(t *testing.T) {
	const noURL, elsewhere = "this is not an http or https URL without a password", "its server is not on the host: name 127.0.0.1, localhost or [::1]; for a certificate's name set health-server-name"
	const noName, noStatus = "is not a DNS name", "is neither a status from 100 to 599 nor a range of them"
	var cases []wrong
	for _, url := range []string{
		"127.0.0.1:4001/health", "/health", "http:///health", "http://:80/", "http://u:s3cr3t@localhost/", "http://s3cr3t@localhost/",
		"ftp://localhost/", "http://localhost/%zz", "http://localhost:0/", "http://localhost:65536/", "http://localhost:x/", "s3cr3t",
	} {
		cases = append(cases, one("health-url", url, noURL))
	}
	for _, url := range []string{
		"http://web1/", "https://apxr.io/", "http://0.0.0.0/", "http://10.0.0.1/", "http://128.0.0.1/", "http://127.1/", "http://[::]/",
		"http://[fd00::1]/", "http://[::1%25lo]/", "http://localhost.evil.com/", "http://s3cr3t#@localhost/",
	} {
		cases = append(cases, one("health-url", url, elsewhere))
	}
	https := map[string]string{"health-url": "https://localhost/"}
	for _, name := range []string{"a b", "-x", "x-", "a..b", "a.", "*.apxr.io", "a_b", "apxr.io:443", "https://apxr.io"} {
		cases = append(cases, one("health-server-name", name, `"`+name+`" `+noName).with(https))
	}
	for _, status := range []string{"99", "099", "600", "20", "2xx", "0200", "300-200", "200-", "-200", "200-600", "200-300-400", "-"} {
		cases = append(cases, one("health-status", status, `"`+status+`" `+noStatus).with(https))
	}
	refuses(t, Rollback, append(
		cases,
		one("health-server-name", "127.0.0.1", "127.0.0.1 is an address: give the DNS name").with(https),
		one("health-server-name", "apxr.io", "it is the name in a certificate, and health-url is not an https URL").with(map[string]string{"health-url": "http://localhost/"}),
		one("health-status", ",", `no status is named in ","`).with(https),
		one("health-body", "(a", "this is not a regular expression in the syntax of RE2: ").with(https),
		one("health-body", "(?<!a)b", "RE2").with(https),
		one("health-body", "ok", "it is for the answer of health-url, which is not given"),
		wrong{
			map[string]string{"health-body": "ok", "health-status": "200", "health-server-name": "apxr.io"},
			[]string{"health-server-name: it is for", "health-status: it is for", "health-body: it is for"},
		},
		wrong{
			map[string]string{"health-url": "http://web1/", "health-status": "1", "health-body": "("},
			[]string{"health-url: ", "health-status: ", "health-body: "},
		},
	))
}

func TestAddressOfAHealthURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://127.0.0.1:4001/x": "127.0.0.1:4001", "http://localhost/": "localhost:80", "https://[::1]/": "[::1]:443", "https://127.0.0.1:8443": "127.0.0.1:8443",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Health{URL: u}).Addr(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
