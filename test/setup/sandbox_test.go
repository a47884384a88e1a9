package setup

import (
	"regexp"
	"strconv"
	"testing"
)

var exposure = regexp.MustCompile(`Overall exposure level for shop.service: ([0-9.]+)`)

func TestTheUnitIsASandboxThatErlangWorksIn(t *testing.T) { liveSite(t).isSandboxed() }

func (s *site) isSandboxed() {
	s.Helper()
	said := s.root(s.web, "systemd-analyze security --no-pager shop.service")
	level := exposure.FindStringSubmatch(said)
	if level == nil {
		s.Fatal(said)
	}
	if score, err := strconv.ParseFloat(level[1], 64); err != nil || score > 1.2 {
		s.Errorf("it scores %s:\n%s", level[1], said)
	}
	s.ok([]string{
		"crypto: 32\n", "ssl: ok\n", "port: from a port\n", "memory: true\n", "processor: true\n", "disks: true\n", "node: shop@127.0.0.1 true\n", "temporary: ok\n",
		"release: {:error, :erofs}\n", "code: {:error, :erofs}\n", "current: {:error, :erofs}\n", "etc: {:error, :erofs}\n", "home: {:error, :eacces}\n", "device: false\n",
	}, "rpc", s.web.Addr, "Shop.Selftest.run()")
}

// The rules and the environment are those of setup; what the verbs do with them
// is tested in test/console.
func TestLookingInside(t *testing.T) {
	s := liveSite(t)
	s.ok([]string{"from the unit\n"}, "eval", s.web.Addr, "IO.puts(System.get_env(\"GREETING\"))")
	if said, err := s.deploy(s.web, "sudo -n systemctl start shop-eval.service"); err != nil {
		t.Errorf("the unit for a fixed expression: %s", said)
	}
	s.ok([]string{"evaluated by 0.1.0 from the unit"}, "logs", s.web.Addr, "--follow=false", "--unit", "shop-eval.service")
}

func TestABEAMThatIsKilledIsStartedAgain(t *testing.T) {
	s := liveSite(t)
	pid := s.root(s.web, "systemctl show --property=MainPID --value shop.service")
	s.root(s.web, "kill -9 "+pid)
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
	if again := s.root(s.web, "systemctl show --property=MainPID --value shop.service"); again == pid || again == "0" {
		t.Errorf("its process is %s", again)
	}
}

// A crash loop is no restart for ever, and a deploy's own commands end it.
func TestACrashLoopEndsAsFailed(t *testing.T) {
	s := liveSite(t)
	const again = "sudo -n systemctl reset-failed shop.service && sudo -n systemctl restart shop.service"
	if said, err := s.deploy(s.web, again); err != nil {
		t.Fatal(said)
	}
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
	s.root(s.web, "mv /opt/apxr/shop/launch /opt/apxr/shop/away; kill -9 $(systemctl show --property=MainPID --value shop.service)")
	// Between two starts it is activating.
	s.Until("the unit to fail", func() bool {
		return s.root(s.web, "systemctl show --property=ActiveState --value shop.service") == "failed"
	})
	// systemd itself would have given up after five within ten seconds.
	if starts := s.root(s.web, "systemctl show --property=NRestarts --value shop.service"); starts != "7" {
		t.Errorf("it was started %s times", starts)
	}
	if said, err := s.deploy(s.web, "mv /opt/apxr/shop/away /opt/apxr/shop/launch && "+again); err != nil {
		t.Errorf("the deploy user cannot start it again: %s", said)
	}
	s.answers(s.web, "http://127.0.0.1:4001/", "shop 0.1.0")
}

func TestAReleaseComesBackAfterAReboot(t *testing.T) {
	s := liveSite(t)
	s.Must(s.web.Reboot(t.Context()))
	s.answers(s.client, "http://"+s.web.Addr+"/", "shop 0.1.0")
	if failed := s.root(s.web, "systemctl --failed --no-legend"); failed != "" {
		t.Errorf("%s: %s", s.web.Name, failed)
	}
}
