//go:build full

package hosts

import (
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// Each fact by itself: nothing else is said.
func TestEachFactByItself(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	w.refuseAll(w.factsOfHosts())
	w.refuseAll(w.factsOfUnitsAndRules())
	w.refuseAll(w.factsOfReleases())
	w.runs(light.At(1))
}

func (w *webHost) factsOfHosts() []refusal {
	deploy := world.DeployOf(w.good())
	one := func(name string, s spoiling, says ...string) refusal { return spoilt(name, deploy, says, s) }
	return []refusal{
		one("current is a directory", currentIs("mkdir"), base+"/current is not a link: move it away"),
		one("current is a file", currentIs("touch"), base+"/current is not a link: move it away"),
		one("current leads to nothing", currentIs("ln -s releases/20010101T000000"), base+"/current leads to release 20010101T000000, which is not there: remove the link, or put the release back"),
		one("current leads elsewhere", currentIs("ln -s /srv"), base+`/current leads to "/srv" and not to a release in `+base+"/releases: remove the link, or set deploy-to"),
		one("everybody can write", anybody, base+" (mode 2752) can be written by everybody on the host: 'chmod o-w "+base+"'"),
		one("the application can write", theApp, base+" (mode 2770) can be written by shop, whom shop.service runs as, through the group shop: 'chmod g-w "+base+"'"),
		one("the application cannot read", unread, base+"/releases (mode 2750, deploy:daemon) cannot be read by shop, whom shop.service runs as: 'chgrp shop "+base+"/releases'"),
		one("deploy cannot write", unowned, "deploy cannot write "+base+"/releases: run the setup phase, or 'chown deploy "+base+"/releases'"),
		one("hidden processes", hidden, "/proc hides the processes of other users from deploy (hidepid)"),
		one("a read-only file system", readOnly(base), "a file system of "+base+" is mounted read-only ("+base+")", "'mount -o remount,rw "+base+"'"),
		one("releases on a read-only file system", readOnly(base+"/releases"), "a file system of "+base+" is mounted read-only ("+base+"/releases)"),
		one("too small a disk", small("size=32m"), "MiB are free where the release goes, and 64 are needed for it and one more: remove what is not needed, or lower keep-releases"),
		one("too few inodes", small("size=200m,nr_inodes=60"), "inodes are free where the release goes, and 110 are needed for it and one more: remove files"),
		one("no curl where sshd forbids forwarding", noCurl, "the health URL cannot be asked: sshd forbids TCP forwarding, and there is no curl on the host"),
	}
}

func (w *webHost) factsOfUnitsAndRules() []refusal {
	deploy := world.DeployOf(w.good())
	rules := w.root("cat " + sudoers)
	without := strings.Replace(rules, "/usr/bin/systemctl stop shop.service, ", "", 1)
	written := func(text string) spoiling {
		return spoiling{"cp -p " + sudoers + " /root/kept-rules; cat >" + sudoers + " <<'END'\n" + text + "\nEND\nvisudo --check --quiet", noRules.undo}
	}
	one := func(name string, s spoiling, says []string, never ...string) refusal {
		c := spoilt(name, deploy, says, s)
		c.never = never
		return c
	}
	const aTerminal = "sudo that wants a terminal"
	neither := []string{"the ExecStart of shop.service uses neither " + base + "/current/ nor " + base + "/launch: what it starts would never change"}
	cases := []refusal{
		spoilt("another unit", append(deploy, "--units", "none.service"), []string{"there is no unit none.service (systemd says not-found): run the setup phase, or set units"}),
		one("no unit", noUnit, []string{"there is no unit shop.service (systemd says not-found): run the setup phase, or set units"}),
		one("a unit that starts something else", startedBy("/usr/bin/sleep 1000"), neither),
		one("a unit that starts one release", startedBy(base+"/releases/"+string(w.current())+"/bin/shop start"), neither),
		one("no rules", noRules, w.noList()),
		one(aTerminal, laterRule("NOPASSWD: /usr/bin/id\nDefaults:deploy requiretty"), []string{"sudo: sorry, you must have a tty to run sudo): put 'Defaults:deploy !requiretty' into sudoers"}, "may not run"),
		one("one rule less", written(without), []string{notAllowed("stop")}, notAllowed("restart"), notAllowed("reset-failed")),
		// A rule of its own, since a tag holds for the rest of its rule.
		one("one rule that asks for a password", written(without+"\ndeploy ALL=(root) PASSWD: /usr/bin/systemctl stop shop.service"), []string{asksFor("stop")}, asksFor("restart"), "may not run"),
		one("a later rule that asks for a password", laterRule("PASSWD: /usr/bin/systemctl restart shop.service"), []string{asksFor("restart")}, asksFor("stop")),
		one("a later rule that forbids", laterRule("NOPASSWD: !/usr/bin/systemctl restart shop.service"), []string{notAllowed("restart")}, notAllowed("stop")),
	}
	if w.isSudoRS() {
		return slices.DeleteFunc(cases, func(c refusal) bool { return c.name == aTerminal }) // it knows no requiretty
	}
	return cases
}

func (w *webHost) factsOfReleases() []refusal {
	one := func(name, says string, change func(*release.Manifest, *release.File)) refusal {
		return refusal{name: name, words: world.DeployOf(w.misfit(change)), says: []string{says}}
	}
	foreign := fresh()
	w.Must(light.Put(w.Home, light.Release{App: release.App{Org: "apxr", Name: "other"}, ID: foreign}))
	mislaid := w.misfit(func(m *release.Manifest, _ *release.File) { m.App = "other" })
	return []refusal{
		one("another architecture", "the release was built for Linux riscv64, and this host is Linux ", func(m *release.Manifest, _ *release.File) { m.Arch = "riscv64" }),
		one("another system", "the release was built for FreeBSD ", func(m *release.Manifest, _ *release.File) { m.OS = "FreeBSD" }),
		one("a newer glibc", "the release needs glibc 9.99, and this host has 2.", func(_ *release.Manifest, f *release.File) { f.Glibc = "9.99" }),
		one("missing libraries", "the release needs shared libraries that this host does not have: libnone.so.7: install their packages", func(_ *release.Manifest, f *release.File) {
			f.Needs = []string{"libc.so.6", "libnone.so.7"}
		}),
		one("a huge one", "MiB are free where the release goes, and 2147483", func(_ *release.Manifest, f *release.File) { f.Size = 1 << 50 }),
		{name: "another application's", words: world.DeployOf(foreign), says: []string{"the build server has no artifact " + string(foreign) + " of apxr/shop"}},
		{name: "another application's in this one's place", words: world.DeployOf(mislaid), says: []string{"artifact " + string(mislaid) + " of apxr/shop", "apxr/other"}},
		{name: "never on this host", words: []string{"rollback", "--release-id", "20300101T000000"}, says: []string{"release 20300101T000000 is not on this host, which has "}},
	}
}

// What another run does keeps each verb out, beside whatever else is wrong.
func TestAnotherRunHasTheHost(t *testing.T) {
	w := newWorld(t)
	w.Deploy(1)
	next, third := w.Artifact(2, light.Way{Hang: true}), world.DeployOf(w.good())
	since := time.Now().UTC()
	first := w.Begin(world.DeployOf(next, "--health-timeout", "5m")...)
	w.switched(next)
	held := "held by another run: deploy by tester@"
	w.Red(1, w.Slipway(third...), held, " since "+since.Format("2006-01-02T15:"))
	w.Red(1, w.Slipway("rollback"), held)
	w.Red(1, w.Slipway(append(third, "--units", "none.service")...), held, "there is no unit none.service")
	first.Signal(syscall.SIGINT)
	w.Red(1, first.Wait().Result, "put back")
	w.runs(light.At(1))
}

// current returns the release that the host has as current.
func (w *webHost) current() release.ID {
	w.Helper()
	return release.ID(path.Base(w.root("readlink " + base + "/current")))
}
