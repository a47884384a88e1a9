package lab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

func TestHostsBootWithoutFailedUnits(t *testing.T) {
	for _, h := range labtest.Lab(t).Hosts() {
		if state := sh(t, h, "root", "systemctl is-system-running || true"); state != "running" {
			t.Errorf("%s is %s:\n%s", h.Name, state, sh(t, h, "root", "systemctl --failed --no-legend"))
		}
	}
}

func TestRunPassesArgumentsAndInputAsTheyAre(t *testing.T) {
	h := labtest.Lab(t).Host("web1")
	args := []string{"", "a b", `it's`, `"$HOME" \n`, "new\nline", "*", "-n"}
	out, err := h.Run(t.Context(), nil, append([]string{"printf", "[%s]"}, args...)...)
	if want := "[" + strings.Join(args, "][") + "]"; err != nil || out != want {
		t.Errorf("arguments: got %q, %v, want %q", out, err, want)
	}
	out, err = h.Run(t.Context(), strings.NewReader("over stdin"), "cat")
	if err != nil || out != "over stdin" {
		t.Errorf("stdin: got %q, %v", out, err)
	}
	if _, err = h.Run(t.Context(), nil, "ls", "/no/such"); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("the error of a failed program lacks its standard error: %v", err)
	}
}

func TestWebHostsBringNoErlang(t *testing.T) {
	l := labtest.Lab(t)
	for _, h := range l.WebHosts() {
		if found := sh(t, h, "root", "command -v erl elixir mix beam.smp || true"); found != "" {
			t.Errorf("%s has %s", h.Name, found)
		}
	}
	sh(t, l.Host("build"), "deploy", "command -v erl elixir mix gcc git")
}

func TestHostsHaveTheirOwnIdentity(t *testing.T) {
	l := labtest.Lab(t)
	seen := map[string]string{}
	for _, h := range l.Hosts() {
		if name := sh(t, h, "root", "hostname"); name != h.Name {
			t.Errorf("%s calls itself %s", h.Name, name)
		}
		for _, file := range []string{"/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub"} {
			id := sh(t, h, "root", "cat "+file)
			if other, taken := seen[id]; taken {
				t.Errorf("%s and %s have the same %s", h.Name, other, file)
			}
			seen[id] = h.Name
		}
	}
}

func TestHostsReachEachOtherByName(t *testing.T) {
	web1 := labtest.Lab(t).Host("web1")
	for _, name := range []string{"build", "git", "git.apxr.test", "web2"} {
		sh(t, web1, "root", "timeout 5 bash -c 'exec 3<>/dev/tcp/"+name+"/22'")
	}
}

func TestHostsAnswerOnIPv6(t *testing.T) {
	l := labtest.Lab(t)
	web1, web2 := l.Host("web1"), l.Host("web2")
	sh(t, web1, "root", "timeout 5 bash -c 'exec 3<>/dev/tcp/"+web2.Addr6+"/22'")
	if found := sh(t, web1, "root", "getent ahosts web2"); strings.Contains(found, web2.Addr6) {
		t.Errorf("web2's name leads to its IPv6 address too, which tests of IPv4 do not expect:\n%s", found)
	}
	args := slices.Clone(l.SSHArgs("root", web2)) // with the known_hosts file, strictly
	args[len(args)-1] = "root@" + web2.Addr6
	out, err := exec.CommandContext(t.Context(), "ssh", append(args, "echo $SSH_CONNECTION")...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), web2.Addr6+" 22") {
		t.Errorf("from this machine: %v: %s", err, out)
	}
	if got := sh(t, web1, "root", "cat /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv4/ip_forward"); got != "0\n0" {
		t.Errorf("the host forwards: %s", got)
	}
}

func TestRootIsTheHostsOwn(t *testing.T) {
	h := labtest.Lab(t).Host("web1")
	if err := os.WriteFile(filepath.Join(h.Root(), "srv", "from-outside"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := sh(t, h, "root", "cat /srv/from-outside"); got != "hello" {
		t.Errorf("the host reads %q", got)
	}
}

func TestNobodyLogsInWithAPassword(t *testing.T) {
	l := labtest.Lab(t)
	for _, h := range l.Hosts() {
		settings := sh(t, h, "root", "sshd -T")
		for _, want := range []string{"passwordauthentication no", "kbdinteractiveauthentication no", "usepam yes"} {
			if !strings.Contains(settings, want+"\n") {
				t.Errorf("%s: sshd lacks %q", h.Name, want)
			}
		}
	}
	if entry := sh(t, l.Host("web1"), "root", "getent shadow deploy"); !strings.HasPrefix(entry, "deploy:*:") {
		t.Errorf("the deploy user's password is not locked: %s", entry)
	}
}

func TestDeployKeyOpensOnlyDeploy(t *testing.T) {
	l := labtest.Lab(t)
	if id := sh(t, l.Host("build"), "deploy", "id -u"); id != "2000" {
		t.Errorf("deploy on build has the ID %s", id)
	}
	for _, path := range []string{l.DeployKeyPath(), l.AdminKeyPath()} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	refused(t, l.Host("git"), "deploy", "true")
}

// On a shared cgroup tree the second restart would kill the other host's process.
func TestUnitsOfOneNameDoNotMeet(t *testing.T) {
	l := labtest.Lab(t)
	web1, web2 := l.Host("web1"), l.Host("web2")
	const start = "systemd-run --quiet --unit=meet sleep infinity"
	sh(t, web1, "root", start)
	sh(t, web2, "root", start)
	before := mainPID(t, web1)
	sh(t, web2, "root", "systemctl stop meet; "+start)

	if after := mainPID(t, web1); after != before {
		t.Errorf("restarting meet on web2 changed its process on web1 from %s to %s", before, after)
	}
	for _, h := range []*lab.Host{web1, web2} {
		status := sh(t, h, "root", "systemctl status --no-pager --lines=0 meet")
		if strings.Count(status, "─") != 1 || !strings.Contains(status, "sleep infinity") {
			t.Errorf("%s: the unit should list its own process alone:\n%s", h.Name, status)
		}
		if found := sh(t, h, "root", "journalctl --no-pager --quiet --grep='Failed to kill control group' || true"); found != "" {
			t.Errorf("%s: %s", h.Name, found)
		}
	}
}

func mainPID(t *testing.T, h *lab.Host) string {
	return sh(t, h, "root", "systemctl show --property=MainPID --value meet")
}

func TestReboot(t *testing.T) {
	h := labtest.Lab(t).Host("git")
	const bootID = "cat /proc/sys/kernel/random/boot_id"
	before := sh(t, h, "root", bootID+"; touch /srv/stays /run/goes")
	if err := h.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sh(t, h, "root", bootID) == before {
		t.Error("the boot ID is the same")
	}
	sh(t, h, "root", "test -e /srv/stays && test ! -e /run/goes")
	sh(t, h, "root", "timeout 5 bash -c 'exec 3<>/dev/tcp/"+h.Addr6+"/22'")
	if state := sh(t, h, "root", "systemctl is-system-running || true"); state != "running" {
		t.Errorf("after the reboot it is %s", state)
	}
}
