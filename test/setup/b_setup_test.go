package setup

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// One inventory for all that follows, as a team has it.
var inventory string

func TestABareServerBecomesReady(t *testing.T) {
	w := newWorld(t)
	inventory = w.inventory(nil)
	w.run(0, w.slipway("setup", "--inventory", inventory))
	w.workflow(inventory, "had nothing to change on 2 servers", "a later step sees ready, 0 changes, ready ready")
	for _, h := range []*lab.Host{w.web, w.builder} {
		if state := w.on(h, "systemctl is-system-running; systemctl --failed --no-legend"); state != "running" {
			t.Errorf("%s is %s", h.Name, state)
		}
	}
}

func TestABuildByHandWorksOnTheBuildServer(t *testing.T) {
	w := newWorld(t)
	said, err := w.deploy(w.builder, "cd src/shop && git log -1 --format=%s && export PATH=$HOME/.local/bin:$PATH && MIX_ENV=prod mise exec -- mix release shop --quiet 2>&1 && ls _build/prod/rel/shop/bin/shop")
	if err != nil || !strings.Contains(said, "first commit of shop") || !strings.HasSuffix(said, "bin/shop") {
		t.Errorf("%v: %s", err, said)
	}
}

// release builds a version and returns its release ID.
func (w *world) release(version, app string) string {
	w.Helper()
	w.must(w.project.Write("VERSION", version+"\n"))
	revision, err := w.project.Push(w.Context(), version)
	w.must(err)
	cmd := w.slipway("build-release", "--app", app, "--release", strings.TrimPrefix(app, "apxr/"), "--build-host", w.builder.Addr,
		"--repository", w.project.URL, "--revision", revision)
	return strings.TrimSpace(w.run(0, cmd).Stdout)
}

func (w *world) verb(verb string, args ...string) []string {
	return append([]string{verb, "--inventory", inventory, "--health-url", "http://127.0.0.1:4001/", "--migrate"}, args...)
}

func TestDeployMigrateAndRollBack(t *testing.T) {
	w := newWorld(t)
	first := w.release("0.1.0", "apxr/shop")
	r := w.run(0, w.slipway(w.verb("deploy", "--release-id", first)...), "migrated to 0.1.0, greeting from the unit, cookie true", w.web.Addr, w.builder.Addr)
	if strings.Count(r.Stderr, "migrated to 0.1.0") != 1 {
		t.Error("it did not migrate once for all hosts")
	}
	if strings.Contains(r.Stderr, "not as the setup phase made it") {
		t.Error("hosts that were just set up differ")
	}
	second := w.release("0.2.0", "apxr/shop")
	w.run(0, w.slipway(w.verb("deploy", "--release-id", second)...), "migrated to 0.2.0")
	w.run(0, w.slipway("rollback", "--inventory", inventory), "migrations of "+second+" were started since "+first+" ran")
	w.run(0, w.slipway(w.verb("deploy", "--release-id", second, "--force")...))
}

var exposure = regexp.MustCompile(`Overall exposure level for shop.service: ([0-9.]+)`)

func TestTheUnitIsASandboxThatErlangWorksIn(t *testing.T) {
	newWorld(t).isSandboxed()
}

func (w *world) isSandboxed() {
	w.Helper()
	said := w.on(w.web, "systemd-analyze security --no-pager shop.service")
	level := exposure.FindStringSubmatch(said)
	if level == nil {
		w.Fatal(said)
	}
	if score, err := strconv.ParseFloat(level[1], 64); err != nil || score > 1.2 {
		w.Errorf("it scores %s:\n%s", level[1], said)
	} else {
		w.Logf("systemd-analyze security: %s", level[1])
	}
	cmd := w.slipway("rpc", w.web.Addr, "Shop.Selftest.run()")
	w.run(0, cmd, "crypto: 32\n", "ssl: ok\n", "port: from a port\n", "memory: true\n", "processor: true\n", "disks: true\n", "node: shop@127.0.0.1 true\n", "temporary: ok\n",
		"release: {:error, :erofs}\n", "code: {:error, :erofs}\n", "current: {:error, :erofs}\n", "etc: {:error, :erofs}\n", "home: {:error, :eacces}\n", "device: false\n")
}

func TestLookingInside(t *testing.T) {
	w := newWorld(t)
	w.run(0, w.slipway("eval", w.web.Addr, "IO.puts(System.get_env(\"GREETING\"))"), "from the unit\n")
	w.run(0, w.slipway("logs", w.web.Addr, "--follow=false"), "shop")
	if said, err := w.deploy(w.web, "sudo -n systemctl start shop-eval.service"); err != nil {
		t.Errorf("the unit for a fixed expression: %s", said)
	}
	w.run(0, w.slipway("logs", w.web.Addr, "--follow=false", "--unit", "shop-eval.service"), "evaluated by 0.2.0 from the unit")
	console := w.slipway("console", w.web.Addr)
	w.typed(console, "iex(shop@127.0.0.1)1>", "node()\r", ":\"shop@127.0.0.1\"", "Shop.version()\r", "\"0.2.0\"", "\x03", "(a)bort", "a\r")
}

func TestABEAMThatIsKilledIsStartedAgain(t *testing.T) {
	w := newWorld(t)
	pid := w.on(w.web, "systemctl show --property=MainPID --value shop.service")
	w.on(w.web, "kill -9 "+pid)
	w.answers(w.web, "http://127.0.0.1:4001/", "shop 0.2.0")
	if again := w.on(w.web, "systemctl show --property=MainPID --value shop.service"); again == pid || again == "0" {
		t.Errorf("its process is %s", again)
	}
}

// A crash loop is no restart for ever, and a deploy's own commands end it.
func TestACrashLoopEndsAsFailed(t *testing.T) {
	w := newWorld(t)
	const again = "sudo -n systemctl reset-failed shop.service && sudo -n systemctl restart shop.service"
	if said, err := w.deploy(w.web, again); err != nil {
		t.Fatal(said)
	}
	w.answers(w.web, "http://127.0.0.1:4001/", "shop 0.2.0")
	said := w.on(w.web, `mv /opt/apxr/shop/launch /opt/apxr/shop/away; kill -9 $(systemctl show --property=MainPID --value shop.service)
		state() { systemctl show --property=ActiveState --value shop.service; }
		for i in $(seq 60); do [ "$(state)" != failed ] || break; sleep 0.5; done; sleep 1.5 # and stays so
		state; systemctl show --property=NRestarts --value shop.service`)
	// systemd itself would have given up after five within ten seconds.
	if said != "failed\n7" {
		t.Errorf("it is %q", said)
	}
	if said, err := w.deploy(w.web, "mv /opt/apxr/shop/away /opt/apxr/shop/launch && "+again); err != nil {
		t.Errorf("the deploy user cannot start it again: %s", said)
	}
	w.answers(w.web, "http://127.0.0.1:4001/", "shop 0.2.0")
}
