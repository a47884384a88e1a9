package hosts

import (
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

const sudoers = "/etc/sudoers.d/slipway-shop"

// mounted puts a small file system with the releases that are there over their
// directory; unmounted takes it off again.
func mounted(options string) string {
	return `cp -a ` + base + `/releases /root/kept
		mount -t tmpfs -o mode=2750,uid=$(id -u deploy),gid=$(id -g shop),` + options + ` tmpfs ` + base + `/releases
		cp -a /root/kept/. ` + base + `/releases/`
}

const unmounted = `umount ` + base + `/releases; rm -rf /root/kept`

func (w *world) hostsThatCannotTakeARelease() {
	deploy := []string{"deploy", "--release-id", string(w.good())}
	with := func(words ...string) []string { return append(append([]string{}, deploy...), words...) }
	link := func(prepare string) (string, string) {
		return "cd " + base + "; mv current kept; " + prepare, "cd " + base + "; rm -r current; mv kept current"
	}
	asDirectory, back := link("mkdir current")
	asFile, _ := link("touch current")
	dangling, _ := link("ln -s releases/20010101T000000 current")
	elsewhere, _ := link("ln -s /srv current")
	w.refuseAll([]refusal{
		{name: "a directory that is not there", words: with("--deploy-to", "/opt/apxr/none"), says: []string{"/opt/apxr/none is not there: run the setup phase for this host, or set deploy-to"}},
		{name: "current is a directory", prepare: asDirectory, undo: back, words: deploy, says: []string{base + "/current is not a link: move it away"}},
		{name: "current is a file", prepare: asFile, undo: back, words: deploy, says: []string{base + "/current is not a link: move it away"}},
		{name: "current leads to nothing", prepare: dangling, undo: back, words: deploy, says: []string{base + "/current leads to release 20010101T000000, which is not there: remove the link, or put the release back"}},
		{name: "current leads elsewhere", prepare: elsewhere, undo: back, words: deploy, says: []string{base + `/current leads to "/srv" and not to a release in ` + base + "/releases: remove the link, or set deploy-to"}},
		{
			name: "everybody can write", prepare: "chmod o+w " + base, undo: "chmod o-w " + base, words: deploy,
			says: []string{base + " (mode 2752) can be written by everybody on the host: 'chmod o-w " + base + "'"},
		},
		{
			name: "the application can write", prepare: "chmod g+w " + base, undo: "chmod g-w " + base, words: deploy,
			says: []string{base + " (mode 2770) can be written by shop, whom shop.service runs as, through the group shop: 'chmod g-w " + base + "'"},
		},
		{
			name: "the application cannot read", prepare: "chgrp daemon " + base + "/releases", undo: "chgrp shop " + base + "/releases; chmod 2750 " + base + "/releases", words: deploy,
			says: []string{base + "/releases (mode 2750, deploy:daemon) cannot be read by shop, whom shop.service runs as: 'chgrp shop " + base + "/releases'"},
		},
		{
			name: "deploy cannot write", prepare: "chown root " + base + "/releases", undo: "chown deploy " + base + "/releases", words: deploy,
			says: []string{"deploy cannot write " + base + "/releases: run the setup phase, or 'chown deploy " + base + "/releases'"},
		},
		{
			name: "hidden processes", prepare: "mount -o remount,hidepid=2 /proc", undo: "mount -o remount,hidepid=0 /proc", words: deploy,
			says: []string{"/proc hides the processes of other users from deploy (hidepid)"},
		},
		{
			name: "a read-only file system", prepare: "mount --bind " + base + " " + base + "; mount -o remount,bind,ro " + base, undo: "umount " + base, words: deploy,
			says: []string{"a file system of " + base + " is mounted read-only (" + base + ")", "'mount -o remount,rw " + base + "'"},
		},
		{
			name: "releases on a read-only file system", prepare: "mount --bind " + base + "/releases " + base + "/releases; mount -o remount,bind,ro " + base + "/releases", undo: "umount " + base + "/releases", words: deploy,
			says: []string{"a file system of " + base + " is mounted read-only (" + base + "/releases)"},
		},
		{name: "too small a disk", prepare: mounted("size=32m"), undo: unmounted, words: deploy, says: []string{"MiB are free where the release goes, and 64 are needed for it and one more: remove what is not needed, or lower keep-releases"}},
		{name: "too few inodes", prepare: mounted("size=200m,nr_inodes=60"), undo: unmounted, words: deploy, says: []string{"inodes are free where the release goes, and 110 are needed for it and one more: remove files"}},
		{
			name: "no curl where sshd forbids forwarding", prepare: forbidForwarding + "; mv /usr/bin/curl /root/", undo: "mv /root/curl /usr/bin/; " + allowForwarding, words: deploy,
			says: []string{"the health URL cannot be asked: sshd forbids TCP forwarding, and there is no curl on the host: install curl, or set 'AllowTcpForwarding local' in sshd_config"},
		},
	})
}

// A restart ends no session, and unlike after a reload sshd listens at its end.
const (
	forbidForwarding = "echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh"
	allowForwarding  = "rm -f /etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh"
)

func (w *world) curlInsteadOfForwarding() {
	next, bad := w.good(), w.put(light.Release{ID: fresh(), Way: light.Way{Status: 500}})
	w.root(forbidForwarding)
	defer func() { w.root(allowForwarding) }()
	w.ok("deploy", "--release-id", string(next))
	w.runs(next)
	w.red(1, w.run("deploy", "--release-id", string(bad), "--health-timeout", "2s"), "answers 500")
	w.runs(next)
}

func (w *world) unitsAndRules() {
	deploy := []string{"deploy", "--release-id", string(w.good())}
	rules := w.root("cat " + sudoers)
	without := func(command string) string {
		return strings.Replace(rules, "/usr/bin/systemctl "+command+" shop.service, ", "", 1)
	}
	// A rule of its own, since a tag holds for the rest of its rule.
	asking := without("stop") + "\ndeploy ALL=(root) PASSWD: /usr/bin/systemctl stop shop.service"
	write := func(text string) string {
		return "cp -p " + sudoers + " /root/kept; cat >" + sudoers + " <<'END'\n" + text + "\nEND\nvisudo --check --quiet"
	}
	later := func(rule string) string {
		return "echo 'deploy ALL=(root) " + rule + "' >/etc/sudoers.d/zz-later; chmod 0440 /etc/sudoers.d/zz-later; visudo --check --quiet"
	}
	const (
		kept     = "mv /root/kept " + sudoers
		noLater  = "rm /etc/sudoers.d/zz-later"
		noUnit   = "mv /etc/systemd/system/shop.service /root/kept-unit; systemctl daemon-reload"
		unitBack = "mv /root/kept-unit /etc/systemd/system/shop.service; systemctl daemon-reload"
		noRules  = "mv " + sudoers + " /root/kept"
	)
	execStart := func(line string) string {
		return "mkdir -p /run/systemd/system/shop.service.d; printf '[Service]\\nExecStart=\\nExecStart=" + line + "\\n' >/run/systemd/system/shop.service.d/test.conf; systemctl daemon-reload"
	}
	const noDropIn = "rm -r /run/systemd/system/shop.service.d; systemctl daemon-reload"
	notAllowed := func(action string) string {
		return "deploy may not run 'sudo /usr/bin/systemctl " + action + " shop.service': add 'NOPASSWD: /usr/bin/systemctl " + action + " shop.service' to its rules in sudoers"
	}
	asks := func(action string) string {
		return "sudo asks deploy for a password for '/usr/bin/systemctl " + action + " shop.service': put NOPASSWD: before exactly that command in sudoers, and let no later rule match it"
	}
	w.refuseAll([]refusal{
		{name: "another unit", words: append(deploy, "--units", "none.service"), says: []string{"there is no unit none.service (systemd says not-found): run the setup phase, or set units"}},
		{name: "no unit", prepare: noUnit, undo: unitBack, words: deploy, says: []string{"there is no unit shop.service (systemd says not-found): run the setup phase, or set units"}},
		{
			name: "a unit that starts something else", prepare: execStart("/usr/bin/sleep 1000"), undo: noDropIn, words: deploy,
			says: []string{"the ExecStart of shop.service uses neither " + base + "/current/ nor " + base + "/launch: what it starts would never change"},
		},
		{
			name: "a unit that starts one release", prepare: execStart(base + "/releases/" + string(w.current()) + "/bin/shop start"), undo: noDropIn, words: deploy,
			says: []string{"the ExecStart of shop.service uses neither " + base + "/current/ nor"},
		},
		{
			name: "an environment that the unit would not see", prepare: execStart(base + "/current/bin/shop start"), undo: noDropIn, words: append(deploy, "SLIPWAY_ENV=A=1"),
			says: []string{"shop.service would not see the environment: its ExecStart must be '" + base + "/launch bin/NAME start' for that"},
		},
		{name: "no rules", prepare: noRules, undo: kept, words: deploy, says: []string{notAllowed("restart"), notAllowed("stop"), notAllowed("reset-failed")}},
		{name: "one rule less", prepare: write(without("stop")), undo: kept, words: deploy, says: []string{notAllowed("stop")}, never: []string{notAllowed("restart"), notAllowed("reset-failed")}},
		{name: "one rule that asks for a password", prepare: write(asking), undo: kept, words: deploy, says: []string{asks("stop")}, never: []string{asks("restart"), "may not run"}},
		{name: "a later rule that asks for a password", prepare: later("PASSWD: /usr/bin/systemctl restart shop.service"), undo: noLater, words: deploy, says: []string{asks("restart")}, never: []string{asks("stop")}},
		{name: "a later rule that forbids", prepare: later("NOPASSWD: !/usr/bin/systemctl restart shop.service"), undo: noLater, words: deploy, says: []string{notAllowed("restart")}, never: []string{notAllowed("stop")}},
		{
			name: "several things at once", words: deploy,
			prepare: noUnit + "; " + noRules + "; cd " + base + "; mv current kept; mkdir current", undo: "cd " + base + "; rmdir current; mv kept current; " + kept + "; " + unitBack,
			says: []string{
				"there is no unit shop.service (systemd says not-found): run the setup phase, or set units",
				notAllowed("restart"), base + "/current is not a link: move it away", "nothing was switched on any host",
			},
		},
	})
}

func (w *world) releasesThatDoNotFit() {
	change := func(f func(*release.Manifest)) []string {
		return []string{"deploy", "--release-id", string(w.put(light.Release{ID: fresh(), Change: f}))}
	}
	program := func(m *release.Manifest) *release.File {
		for i := range m.Files {
			if m.Files[i].Kind == release.Regular {
				return &m.Files[i]
			}
		}
		return nil
	}
	w.refuseAll([]refusal{
		{name: "another architecture", words: change(func(m *release.Manifest) { m.Arch = "riscv64" }), says: []string{"the release was built for Linux riscv64, and this host is Linux ", "build on a server of the same kind"}},
		{name: "another system", words: change(func(m *release.Manifest) { m.OS = "FreeBSD" }), says: []string{"the release was built for FreeBSD "}},
		{name: "an older glibc", words: change(func(m *release.Manifest) { program(m).Glibc = "9.99" }), says: []string{"the release needs glibc 9.99, and this host has 2.", "build on a server whose system is as old as this one's, or upgrade this one"}},
		{
			name: "missing libraries", words: change(func(m *release.Manifest) { program(m).Needs = []string{"libc.so.6", "libnone.so.7"} }),
			says: []string{"the release needs shared libraries that this host does not have: libnone.so.7: install their packages"},
		},
		{
			name: "a huge one", words: change(func(m *release.Manifest) { program(m).Size = 1 << 50 }),
			says: []string{"MiB are free where the release goes, and 2147483", "are needed for it and one more"},
		},
	})
}

func (w *world) anotherRun() {
	next := w.good()
	third := []string{"deploy", "--release-id", string(w.good())}
	first := w.command(nil, "deploy", "--release-id", string(next), "--settle", "8s", "--health-timeout", "30s")
	since := time.Now().UTC()
	w.must(first.Start())
	ended := make(chan error, 1)
	go func() { ended <- first.Wait() }()
	for !strings.Contains(w.root("curl --silent --max-time 1 "+health+" || true"), string(next)) {
		if time.Since(since) > 30*time.Second {
			w.Fatal("what the first run deploys does not answer after 30 s")
		}
		time.Sleep(100 * time.Millisecond)
	}
	held := "held by another run: deploy by tester@"
	w.refuseAll([]refusal{
		{name: "a deploy", words: third, says: []string{held, " since " + since.Format("2006-01-02T15:")}},
		{name: "a rollback", words: []string{"rollback"}, says: []string{held}},
		{name: "with other findings", words: append(third, "--units", "none.service"), says: []string{held, "there is no unit none.service"}},
	})
	select {
	case err := <-ended:
		w.Fatalf("the first run ended too early: %v", err)
	default:
	}
	if err := <-ended; err != nil {
		w.Errorf("the first run: %v", err)
	}
	w.runs(next)
}
