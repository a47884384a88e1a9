package hosts

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

const migrateUnit = "shop-migrate.service"

// migratable gives the host a unit that migrates with a line of Python, and
// the sudo rules for it, as the setup phase makes them.
func (w *webHost) migratable(python string) {
	w.Helper()
	w.root(`cat >/etc/systemd/system/` + migrateUnit + ` <<'UNIT'
[Service]
Type=oneshot
User=shop
Environment=RELEASE_TMP=/run/shop-migrate
RuntimeDirectory=shop-migrate
ExecStart=` + base + `/launch --next bin/shop eval '` + python + `'
UNIT
cat >/etc/sudoers.d/slipway-shop-migrate <<'RULES'
deploy ALL=(root) NOPASSWD: /usr/bin/systemctl start ` + migrateUnit + `, /usr/bin/systemctl stop ` + migrateUnit + `, /usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=` + migrateUnit + `
RULES
chmod 0440 /etc/sudoers.d/slipway-shop-migrate; systemctl daemon-reload`)
	w.cleanup("rm -f /etc/systemd/system/" + migrateUnit + " /etc/sudoers.d/slipway-shop-migrate; systemctl daemon-reload")
}

// Migrations run in a unit of their own, with the new release, before the switch.
func TestMigrationsRunInTheirUnit(t *testing.T) {
	w := newWorld(t)
	one := w.Deploy(1, w.env("GREETING=old\n")...)
	two := w.Artifact(2, light.Way{})
	before := w.State()
	deploy := world.DeployOf(two, append(w.env("GREETING=new\n"), "--migrate")...)
	w.Red(1, w.Slipway(deploy...), "there is no unit "+migrateUnit, "deploy may not run 'sudo /usr/bin/systemctl start "+migrateUnit+"'")
	w.Same(before)

	w.migratable(`import sys; print("no database"); sys.exit(3)`)
	w.Red(1, w.Slipway(deploy...), migrateUnit+" failed (exit-code)", "no database", "nothing was switched on any host", "they are not taken back")
	w.greets(one, "old")
	if c := w.lastChange(two, release.Started); c.Verb != release.Migrate {
		t.Errorf("the history ends with %+v", c)
	}

	w.migratable(`import os; print("greeting is", os.environ["GREETING"], "as", os.getuid() != 0, os.path.realpath("` + base + `/next"))`)
	r := w.Slipway(deploy...)
	w.Red(0, r, "greeting is new as True "+base+"/releases/"+string(two), "Migrations of "+string(two)+" were started on "+w.host.Addr)
	w.greets(two, "new")
	if got := w.changes(); got[len(got)-2].Verb != release.Migrate || got[len(got)-2].To != two || got[len(got)-1].Outcome != release.Live {
		t.Errorf("the history says %v", got)
	}
	w.Red(0, w.Slipway("rollback"), "migrations of "+string(two)+" were started since "+string(one)+" ran")
	w.greets(one, "old")
}

// What differs from what setup made is worth a notice.
func TestDriftIsTold(t *testing.T) {
	w := newWorld(t)
	w.root(`mkdir -p /etc/slipway/shop; { echo format 1
		echo "file 644 root root $(sha256sum </etc/systemd/system/` + unit + ` | cut -d ' ' -f 1) /etc/systemd/system/` + unit + `"
		echo directory 2750 deploy shop ` + base + `/releases
		echo unit ` + unit + `
		sudo -l -U deploy | sed -n 's/.*NOPASSWD: //p' | sed 's/, /\n/g; s/\\//g' | sed 's/^/rule root /'
	} >/etc/slipway/shop/setup`)
	defer w.root("rm -r /etc/slipway/shop")
	one := w.Deploy(1)
	if r := w.Slipway("rollback", "--release-id", string(one)); strings.Contains(r.Stderr, "setup phase") {
		t.Errorf("a host as it was made: %s", r.Stderr)
	}
	w.root("chmod 2755 " + base + "/releases; echo '# by hand' >>/etc/systemd/system/" + unit)
	r := w.Slipway("rollback", "--release-id", string(one))
	w.Red(0, r, "/etc/systemd/system/"+unit+" has been changed", base+"/releases is 2755 deploy:shop, not 2750 deploy:shop",
		"systemd has not read it", "'slipway setup --app apxr/shop' with this host mends it")
}
