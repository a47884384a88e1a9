//go:build servers

package lab_test

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// TestABareHostOfAnotherSuite needs a mirror that still has the suite.
func TestABareHostOfAnotherSuite(t *testing.T) {
	for _, suite := range []string{"bullseye", "jammy"} {
		t.Run(suite, func(t *testing.T) { anotherSuite(t, suite) })
	}
}

func anotherSuite(t *testing.T, suite string) {
	l := startLab(t, lab.Options{Hosts: []string{"bare1", "bare2"}, Suites: map[string]string{"bare2": suite}})
	if release := sh(t, l.Host("bare2"), "root", ". /etc/os-release; echo $VERSION_CODENAME"); release != suite {
		t.Errorf("the host has %s", release)
	}
	for _, h := range l.Hosts() {
		all := strings.Join(lab.SetupPackages, " ")
		if state := sh(t, h, "root", "systemctl is-system-running || true"); state != "running" {
			t.Errorf("%s is %s:\n%s", h.Name, state, sh(t, h, "root", "systemctl --failed --no-legend"))
		}
		sh(t, h, "root", "test -L /bin; apt-get update; apt-get install --download-only --yes "+all)
		sh(t, h, "root", "echo "+all+" | xargs -n 1 -P 4 apt-get install --simulate --yes >/dev/null")
		sh(t, h, "root", "DEBIAN_FRONTEND=noninteractive apt-get install --yes nftables sudo 2>&1; command -v nft sudo")
	}
	t.Log(sh(t, l.Host("bare2"), "root", "systemctl --version; python3 --version; nft --version"))
}
