package lab_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

const (
	unit = "lab_app.service"
	home = "/opt/apxr/lab_app"
)

// preparedHost is web1, prepared for an application, with a release that serves its directory.
func preparedHost(t *testing.T) *lab.Host {
	l := labtest.Lab(t)
	h := l.Host("web1")
	app := lab.App{Org: "apxr", Name: "lab_app", Port: 4100}
	if err := l.PrepareApp(t.Context(), app, h); err != nil {
		t.Fatal(err)
	}
	sh(t, h, "deploy", `cd `+home+`
release=releases/20171114T072116
mkdir -p $release/bin
printf '#!/bin/sh\nexec python3 -m http.server "$PORT"\n' >$release/bin/lab_app
# As a deploy puts it there.
printf '#!/bin/sh\nexec `+home+`/current/"$@"\n' >launch
chmod 0755 $release/bin/lab_app
chmod 0750 launch
ln -sfn $release current`)
	return h
}

func TestPrepareAppTwice(t *testing.T) {
	h := preparedHost(t)
	before := sh(t, h, "root", "ls -lR --time-style=+ "+home+"; cat /etc/systemd/system/"+unit)
	preparedHost(t)
	if after := sh(t, h, "root", "ls -lR --time-style=+ "+home+"; cat /etc/systemd/system/"+unit); after != before {
		t.Errorf("the second time changed\n%s\nto\n%s", before, after)
	}
}

func TestSudoRulesAllowExactlyFourCommands(t *testing.T) {
	h := preparedHost(t)
	for _, command := range []string{
		"systemctl restart " + unit,
		"systemctl stop " + unit,
		"systemctl reset-failed " + unit,
		"journalctl --no-pager --output=short-unix --lines=100 --unit=" + unit,
	} {
		sh(t, h, "deploy", "sudo -n "+command)
	}
	for _, command := range []string{
		"true",
		"systemctl start " + unit,
		"systemctl restart ssh.service",
		"systemctl restart " + unit + " ssh.service",
		"systemctl stop",
		"journalctl",
		"journalctl --no-pager --output=short-unix --lines=100 --unit=" + unit + " --unit=ssh.service",
		"-u lab_app true",
	} {
		refused(t, h, "deploy", "sudo -n "+command)
	}
	refused(t, h, "root", "runuser -u lab_app -- sudo -n systemctl restart "+unit)
}

func TestAppUserReadsButDoesNotWrite(t *testing.T) {
	h := preparedHost(t)
	const asApp = "runuser -u lab_app -- "
	sh(t, h, "root", asApp+"cat "+home+"/current/bin/lab_app")
	for _, command := range []string{
		"touch " + home + "/x",
		"touch " + home + "/current/x",
		"ls " + home + "/.slipway",
		"rm " + home + "/current",
	} {
		refused(t, h, "root", asApp+command)
	}
	refused(t, h, "deploy", "touch /etc/systemd/system/x.service")
	if modes := sh(t, h, "root", "cd "+home+"; stat -c '%a %U:%G' /opt/apxr . releases .slipway"); modes !=
		"755 root:root\n2750 deploy:lab_app\n2750 deploy:lab_app\n700 deploy:deploy" {
		t.Errorf("modes and owners:\n%s", modes)
	}
}

func TestHardenedUnitServesOnPort80(t *testing.T) {
	h := preparedHost(t)
	sh(t, h, "deploy", "sudo -n systemctl restart "+unit)
	if body := get(t, "http://"+h.Addr+"/"); !strings.Contains(body, "Directory listing") {
		t.Errorf("from outside: %s", body)
	}
	if body := sh(t, h, "root", "curl -sS http://localhost/"); !strings.Contains(body, "Directory listing") {
		t.Errorf("from the host itself: %s", body)
	}
	// systemd leaves out what a container does not allow: see what the process really has.
	pid := sh(t, h, "root", "systemctl show --property=MainPID --value "+unit)
	process := sh(t, h, "root", "cat /proc/"+pid+"/status /proc/"+pid+"/uid_map; nsenter -t "+pid+" -m findmnt -no OPTIONS /")
	for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", "\nro,"} {
		if !strings.Contains(process, want) {
			t.Errorf("the unit's process lacks %q:\n%s", want, process)
		}
	}
}

// get asks until the application listens: systemctl restart returns before that.
func get(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(url)
		if err == nil {
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
