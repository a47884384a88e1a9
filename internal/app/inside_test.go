package app

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
)

func TestWhatStandsWithoutAName(t *testing.T) {
	for call, want := range map[string][2]string{
		"eval web1 1+1":                     {"web1", "1+1"},
		"eval --app a/b web1 --verbose 1 x": {"web1", "x"},
		"eval web1 -- -1":                   {"web1", "-1"},
		"eval -- web1 -1":                   {"web1", "-1"},
		"eval web1 -":                       {"web1", "from stdin\n"},
		"rpc web1":                          {"web1", "from stdin\n"},
		"rpc --app a/b":                     {"", "from stdin\n"},
		"logs --follow=false web1":          {"web1", ""},
		"eval --limit web1 1+1":             {"", "1+1"},
		"eval web1 1+1 --limit web1":        {"web1", "1+1"},
		"rpc --limit=web1":                  {"", "from stdin\n"},
		"console":                           {"", ""},
	} {
		w := newWorld(strings.Fields(call)...)
		w.Stdin = strings.NewReader("from stdin\n")
		verb, _ := config.VerbNamed(w.Args[0])
		look, _, err := flags(verb, w.System)
		if err != nil {
			t.Errorf("%s: %v", call, err)
		} else if got := [2]string{look("host"), look("expression")}; got != want {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}

func TestBadCallsOfLookingInside(t *testing.T) {
	for call, want := range map[string]string{
		"eval web1 IO.puts 1":       `"1" is one argument too many: slipway eval takes HOST EXPRESSION`,
		"console web1 now":          `"now" is one argument too many: slipway console takes HOST.`,
		"eval web1 -1":              "-1",
		"eval web1 -":               "- is stdin, and there is none",
		"eval web1":                 "expression: missing",
		"logs --app a/b":            "host: missing",
		"logs web1 --limit web2":    `limit: there is no host or group "web2". Did you mean web1?`,
		"rpc web1 x --limit queue":  `limit: there is no host or group "queue"; there are web1`,
		"logs --limit web2":         "host: missing",
		"console --host web1":       "-host",
		"eval web1 --expression x":  "-expression",
		"rpc web1 x --follow=false": "-follow",
	} {
		newWorld(strings.Fields(call)...).cli(t, exitUsage, want)
	}
	w := newWorld("eval", "--help")
	w.cli(t, exitOK, "slipway eval HOST EXPRESSION [flags]", "EXPRESSION\n", "keep secrets out of it")
}

func TestAConsoleWithoutATerminalIsNotTried(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	w := newWorld("console", "local", "--app", "a/b")
	w.Stdin = null
	w.cli(t, exitFailed, "a console needs a terminal")
}

func TestFlagsForLookingInside(t *testing.T) {
	app := release.App{Org: "apxr", Name: "shop"}
	plain := config.Config{App: app, Layout: release.DefaultLayout(app), Service: config.Service{Units: []string{"shop.service"}}}
	if got := lookFlags(config.Console, plain); got != nil {
		t.Errorf("%q", got)
	}
	plain.Service.Units = append(plain.Service.Units, "jobs.service")
	plain.Layout.Base = "/srv/shop"
	plain.Access.Jumps = []config.Host{{User: "deploy", Host: "gate", Port: "22"}, {User: "ann", Host: "inner", Port: "2222"}}
	if got := strings.Join(lookFlags(config.Console, plain), " "); got != "--units shop.service,jobs.service --deploy-to /srv/shop --jump-hosts gate,ann@inner:2222" {
		t.Errorf("%q", got)
	}
	if got := strings.Join(lookFlags(config.Logs, plain), " "); got != "--units shop.service,jobs.service --jump-hosts gate,ann@inner:2222" {
		t.Errorf("%q: a unit log does not depend on the directory", got)
	}
	if got := lookFlags(config.Console, config.Config{}); got != nil {
		t.Errorf("%q", got)
	}
}
