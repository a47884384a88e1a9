package hosts

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// refusal is something that cannot work, and what a run says to it.
type refusal struct {
	name          string
	prepare, undo string   // as root on the host
	words         []string // of the run
	code          int      // its exit status; 0 stands for 1
	says          []string
	never         []string // what it must not say
}

// refuseAll tries what cannot work and checks that nothing has come of it.
func (w *webHost) refuseAll(cases []refusal) {
	w.Helper()
	for _, c := range cases {
		w.sub(c.name, func(w *webHost) {
			if c.prepare != "" {
				defer func() { w.root("set -e\n" + c.undo) }() // also if only a part could be done
				w.root("set -e\n" + c.prepare)
			}
			before := w.State()
			r := w.Slipway(c.words...)
			w.Red(max(c.code, 1), r, c.says...)
			w.silent(r, c.never...)
			w.Same(before)
		})
	}
}

const sudoers = "/etc/sudoers.d/slipway-shop"

// spoiling changes a host, and can be undone.
type spoiling struct{ do, undo string }

// currentIs makes something else of the link to the current release.
func currentIs(command string) spoiling {
	return spoiling{"cd " + base + "; mv current kept; " + command + " current", "cd " + base + "; rm -r current; mv kept current"}
}

// startedBy makes the unit start something else.
func startedBy(line string) spoiling {
	return spoiling{
		"mkdir -p /run/systemd/system/shop.service.d; printf '[Service]\\nExecStart=\\nExecStart=" + line + "\\n' >/run/systemd/system/shop.service.d/test.conf; systemctl daemon-reload",
		"rm -r /run/systemd/system/shop.service.d; systemctl daemon-reload",
	}
}

// laterRule adds a rule that comes after those of the setup.
func laterRule(rule string) spoiling {
	return spoiling{
		"echo 'deploy ALL=(root) " + rule + "' >/etc/sudoers.d/zz-later; chmod 0440 /etc/sudoers.d/zz-later; visudo --check --quiet",
		"rm /etc/sudoers.d/zz-later",
	}
}

// small puts a small file system with the releases that are there over their
// directory.
func small(options string) spoiling {
	return spoiling{`cp -a ` + base + `/releases /root/kept
		mount -t tmpfs -o mode=2750,uid=$(id -u deploy),gid=$(id -g shop),` + options + ` tmpfs ` + base + `/releases
		cp -a /root/kept/. ` + base + `/releases/`, `umount ` + base + `/releases; rm -rf /root/kept`}
}

// readOnly mounts a directory once more, read-only.
func readOnly(dir string) spoiling {
	return spoiling{"mount --bind " + dir + " " + dir + "; mount -o remount,bind,ro " + dir, "umount " + dir}
}

var (
	noUnit   = spoiling{"mv /etc/systemd/system/shop.service /root/kept-unit; systemctl daemon-reload", "mv /root/kept-unit /etc/systemd/system/shop.service; systemctl daemon-reload"}
	noRules  = spoiling{"mv " + sudoers + " /root/kept-rules", "mv /root/kept-rules " + sudoers}
	noCurl   = spoiling{forbidForwarding + "; mv /usr/bin/curl /root/", "mv /root/curl /usr/bin/; " + allowForwarding}
	anybody  = spoiling{"chmod o+w " + base, "chmod o-w " + base}
	theApp   = spoiling{"chmod g+w " + base, "chmod g-w " + base}
	unread   = spoiling{"chgrp daemon " + base + "/releases", "chgrp shop " + base + "/releases; chmod 2750 " + base + "/releases"}
	unowned  = spoiling{"chown root " + base + "/releases", "chown deploy " + base + "/releases"}
	hidden   = spoiling{"mount -o remount,hidepid=2 /proc", "mount -o remount,hidepid=0 /proc"}
	fewFiles = small("size=32m,nr_inodes=60")
)

// spoilt makes a refusal of several spoilings at once.
func spoilt(name string, words, says []string, all ...spoiling) refusal {
	c := refusal{name: name, words: words, says: says}
	for _, s := range all {
		c.prepare += s.do + "\n"
		c.undo = s.undo + "\n" + c.undo
	}
	return c
}

func notAllowed(action string) string {
	return "deploy may not run 'sudo /usr/bin/systemctl " + action + " shop.service': add 'NOPASSWD: /usr/bin/systemctl " + action + " shop.service' to its rules in sudoers"
}

// isSudoRS tells the sudo of Ubuntu 26.04, written in Rust, from the other one. It has fewer settings, and shows an empty
// list to a user without rules.
func (w *webHost) isSudoRS() bool {
	w.Helper()
	return strings.Contains(w.root("sudo --version"), "sudo-rs")
}

// noList is said where sudo has no rule at all for deploy: then it asks for a password
// to say so.
func (w *webHost) noList() []string {
	w.Helper()
	if w.isSudoRS() {
		return []string{notAllowed("restart"), notAllowed("stop"), notAllowed("reset-failed"), "'sudo -n -l' says: sudo: Sorry, user deploy may not run sudo on "}
	}
	return []string{
		"sudo shows deploy no rules ('sudo -n -l' says: sudo: a password is required): no rule has NOPASSWD, or sudoers has listpw=always or listpw=all: run the setup phase or add the rules, and 'Defaults:deploy listpw=any' if it needs that. " +
			"deploy must be allowed to run, with NOPASSWD: /usr/bin/systemctl restart shop.service, /usr/bin/systemctl stop shop.service, /usr/bin/systemctl reset-failed shop.service",
	}
}

func asksFor(action string) string {
	return "sudo asks deploy for a password for '/usr/bin/systemctl " + action + " shop.service': put NOPASSWD: before exactly that command in sudoers, and let no later rule match it"
}

// misfit makes a release with this in the manifest, of which file is an entry.
func (w *webHost) misfit(change func(m *release.Manifest, file *release.File)) release.ID {
	w.Helper()
	return w.Put(light.Release{ID: fresh(), Change: func(m *release.Manifest) {
		at := slices.IndexFunc(m.Files, func(f release.File) bool { return f.Kind == release.Regular })
		change(m, &m.Files[at])
	}})
}

// Each fact that keeps a release from working is found on a real host, all that
// go together at once, and nothing has changed. Wordings and combinations are in
// the tables of package host; "make full" tries each fact by itself.
func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	w.refuseAll(w.facts())
	w.runs(light.At(1))
}

func (w *webHost) facts() []refusal {
	deploy := world.DeployOf(w.good())
	foreign := w.misfit(func(m *release.Manifest, _ *release.File) { m.Arch = "riscv64" })
	newer := w.misfit(func(_ *release.Manifest, f *release.File) {
		f.Glibc, f.Needs = "9.99", []string{"libc.so.6", "libnone.so.7"}
	})
	return []refusal{
		spoilt("not set up", append(deploy, "--deploy-to", "/opt/apxr/none"), []string{"/opt/apxr/none is not there: run the setup phase for this host, or set deploy-to"}),
		spoilt("no artifact", world.DeployOf("20300101T000000"), []string{"the build server has no artifact 20300101T000000 of apxr/shop", "'slipway artifacts'"}),
		spoilt("no unit and no rules", deploy, append(w.noList(),
			"there is no unit shop.service (systemd says not-found): run the setup phase, or set units",
			base+"/current is not a link: move it away", base+" (mode 2752) can be written by everybody on the host: 'chmod o-w "+base+"'",
			"/proc hides the processes of other users from deploy (hidepid)", "nothing was switched on any host",
		), noUnit, noRules, currentIs("mkdir"), anybody, hidden),
		spoilt("another unit's program, no room", world.DeployOf(newer), []string{
			"the ExecStart of shop.service uses neither " + base + "/current/ nor " + base + "/launch: what it starts would never change",
			base + "/current leads to release 20010101T000000, which is not there: remove the link, or put the release back",
			base + " (mode 2770) can be written by shop, whom shop.service runs as, through the group shop: 'chmod g-w " + base + "'",
			asksFor("restart"), "MiB are free where the release goes, and 64 are needed for it and one more", "inodes are free where the release goes",
			"the release needs glibc 9.99, and this host has 2.", "the release needs shared libraries that this host does not have: libnone.so.7",
		}, startedBy("/usr/bin/sleep 1000"), currentIs("ln -s releases/20010101T000000"), theApp, laterRule("PASSWD: /usr/bin/systemctl restart shop.service"), fewFiles),
		spoilt("no way to hand things over", world.DeployOf(foreign, "SLIPWAY_ENV=A=1"), []string{
			"shop.service would not see the environment: its ExecStart must be '" + base + "/launch bin/NAME start' for that",
			base + `/current leads to "/srv" and not to a release in ` + base + "/releases: remove the link, or set deploy-to",
			base + "/releases (mode 2750, deploy:daemon) cannot be read by shop, whom shop.service runs as: 'chgrp shop " + base + "/releases'",
			notAllowed("restart"), "the release was built for Linux riscv64, and this host is Linux ",
		}, startedBy(base+"/current/bin/shop start"), currentIs("ln -s /srv"), unread, laterRule("NOPASSWD: !/usr/bin/systemctl restart shop.service")),
		spoilt("nothing to ask with", deploy, []string{
			"deploy cannot write " + base + "/releases: run the setup phase, or 'chown deploy " + base + "/releases'",
			"the health URL cannot be asked: sshd forbids TCP forwarding, and there is no curl on the host: install curl, or allow it in sshd_config: 'AllowTcpForwarding local'",
		}, unowned, noCurl),
		spoilt("read-only", deploy, []string{"a file system of " + base + " is mounted read-only (" + base + ")", "'mount -o remount,rw " + base + "'"}, readOnly(base)),
	}
}
