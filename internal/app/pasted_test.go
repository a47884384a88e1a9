package app

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

var shBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The commands that a summary shows work when they are pasted. Only what is secret
// or known to ssh may be missing.
func TestCommandsOfASummaryCanBePasted(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"only what is needed": {"hosts": "web1.example.com"},
		"an address":          {"hosts": "alice@[fd00::1]:2222"},
		"everything": {
			"hosts": "web1.example.com", "units": "shop.service,jobs@1.service", "deploy-to": "/srv/a-long-directory/for/the/shop",
			"jump-hosts": "gate.example.com,ann@[fd00::2]:2222",
		},
	} {
		t.Run(name, func(t *testing.T) {
			set["app"], set["release-id"] = "acme/shopd", "20240102T000000"
			cfg, err := config.Load(config.Rollback, func(name string) string { return set[name] })
			secretsOnly(t, err)
			addr := cfg.Hosts[0].String()
			r := report.Rollout{Result: rollout.Result{
				Verb: release.Rollback, Became: rollout.BecameLive, Hosts: []host.Result{{Host: addr, Outcome: host.Live, After: "20240102T000000"}},
			}}
			blocks := shBlock.FindStringSubmatch(r.Markdown(placeOf(cfg)))
			if blocks == nil {
				t.Fatal("it shows no commands")
			}
			commands := pastedInto(t, blocks[1])
			if len(commands) != 2 {
				t.Errorf("it shows %q", commands)
			}
			for _, args := range commands {
				sameSettings(t, cfg, args)
			}
		})
	}
}

// pastedInto returns the arguments that a shell passes to slipway.
func pastedInto(t *testing.T, commands string) (all [][]string) {
	t.Helper()
	sh := exec.Command("sh", "-c", `slipway() { printf '%s\t' "$@"; echo; }`+"\n"+commands)
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		all = append(all, strings.Split(strings.TrimRight(line, "\t\n"), "\t"))
	}
	return all
}

// sameSettings checks that a command reaches the same host in the same way.
func sameSettings(t *testing.T, want config.Config, args []string) {
	t.Helper()
	verb, known := config.VerbNamed(args[0])
	if !known {
		t.Fatalf("%q is no verb", args[0])
	}
	got, err := given(t.Context(), verb, System{Args: args, Getenv: func(string) string { return "" }})
	secretsOnly(t, err)
	if got.Hosts[0] != want.Hosts[0] || got.App != want.App || verb == config.Console && got.Layout != want.Layout {
		t.Errorf("%q: %+v", args, got.Config)
	}
	if strings.Join(got.Service.Units, " ") != strings.Join(want.Service.Units, " ") || len(got.Access.Jumps) != len(want.Access.Jumps) {
		t.Errorf("%q: %+v", args, got.Config)
	}
}

func secretsOnly(t *testing.T, err error) {
	t.Helper()
	if wrong := config.Mistakes(nil); err != nil && !errors.As(err, &wrong) {
		t.Fatal(err)
	} else {
		for _, mistake := range wrong {
			if !strings.HasPrefix(mistake, "ssh-key: ") && !strings.HasPrefix(mistake, "known-hosts: ") {
				t.Errorf("a mistake: %s", mistake)
			}
		}
	}
}
