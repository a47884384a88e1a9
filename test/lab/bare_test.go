package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// bareLab has bare hosts alone: other packages' tests should not pay for them.
func bareLab(t *testing.T, hosts ...string) *lab.Lab {
	t.Helper()
	return startLab(t, lab.Options{Hosts: hosts})
}

func startLab(t *testing.T, opts lab.Options) *lab.Lab {
	t.Helper()
	labtest.Need(t)
	opts.Log = os.Stderr
	l, err := lab.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestABareHostIsAsInstalled(t *testing.T) {
	h := bareLab(t, "bare1").Host("bare1")
	if state := sh(t, h, "root", "systemctl is-system-running || true"); state != "running" {
		t.Errorf("it is %s:\n%s", state, sh(t, h, "root", "systemctl --failed --no-legend"))
	}
	if found := sh(t, h, "root", "command -v ip nft sudo git curl gcc erl epmd || true; getent passwd deploy || true"); found != "" {
		t.Errorf("it has %s", found)
	}
	sh(t, h, "root", "python3 -c 'import json, zipfile, ctypes'")
	if settings := sh(t, h, "root", "sshd -T"); !strings.Contains(settings, "permitrootlogin without-password\n") {
		t.Errorf("sshd's settings are not the distribution's:\n%s", settings)
	}
	refused(t, h, "deploy", "true")
}

func TestBareHostsInstallWhatSetupMayAskFor(t *testing.T) {
	l := bareLab(t, "bare1", "bare2")
	h, all := l.Host("bare1"), strings.Join(lab.SetupPackages, " ")
	if said := sh(t, h, "root", "apt-get update 2>&1"); strings.Contains(said, "W:") || strings.Contains(said, "E:") {
		t.Errorf("apt-get update says\n%s", said)
	}
	// One by one: of alternatives, apt may choose others for a package alone than for all at once.
	sh(t, h, "root", "echo "+all+" | xargs -n 1 -P 4 apt-get install --simulate --yes >/dev/null")
	// To unpack it all would take 20 s. What can go wrong then is not the repository's fault.
	sh(t, h, "root", "apt-get install --download-only --yes "+all)
	sh(t, h, "root", "DEBIAN_FRONTEND=noninteractive apt-get install --yes nftables sudo 2>&1; command -v nft sudo")
	refused(t, l.Host("bare2"), "root", "command -v nft") // what one host installs, others do not have
}

func TestServe(t *testing.T) {
	l := labtest.Lab(t)
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"tool": "the tool\n", "d/e": "deeper\n"})
	get := func(url string) string { return sh(t, l.Host("web1"), "root", "curl -sSf "+url) }

	file, err := l.Serve("tool+x", filepath.Join(dir, "tool"))
	if err == nil {
		t.Errorf("a name that must be escaped is accepted: %s", file)
	}
	file, err = l.Serve("tool", filepath.Join(dir, "tool"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := l.Serve("tree", dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := get(file) + "," + get(tree+"/d/e"); got != "the tool,deeper" {
		t.Errorf("the host gets %q", got)
	}
	refused(t, l.Host("web1"), "root", "curl -sSf "+tree+"/none")
	refused(t, l.Host("web1"), "root", "curl -sSf --path-as-is "+tree+"/../../../etc/passwd")
	if _, err := l.Serve("none", filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there is accepted")
	}
	if _, err := l.Serve("tree", filepath.Join(dir, "d")); err != nil {
		t.Fatal(err)
	}
	if got := get(tree + "/e"); got != "deeper" {
		t.Errorf("after the name was given to another path, the host gets %q", got)
	}
}

func TestOnlyTheOwnerServes(t *testing.T) {
	number := labtest.Lab(t).Number()
	running, err := lab.Running()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range running {
		if l.Number() != number {
			continue
		}
		if url, err := l.Serve("x", t.TempDir()); err == nil {
			t.Errorf("a lab that is only looked at serves %s", url)
		}
		return
	}
	t.Fatalf("lab %d is not among %v", number, running)
}
