package playbook

import (
	"os"
	"strings"
	"testing"
)

func TestASetupOverSSH(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	w.start("build1")
	servers := []string{"--hosts", w.addr("web1"), "--build-host", "builder@" + w.addr("build1")}
	w.setup(0, "", []string{"Setup made 2 changes on 2 servers", w.addr("web1") + "  ", ": changed: Write the file"}, servers...)
	web, build := w.read(w.out+"/127.0.0.1"), w.read(w.out+"/127.0.0.1-"+w.servers["build1"].port)
	if web != "app apxr/apxr_io\nuser deploy\ngroups web-servers\ncolor none\n" {
		t.Errorf("%s", web)
	}
	if build != "app apxr/apxr_io\nuser builder\ngroups build-servers\ncolor none\n" {
		t.Errorf("%s", build)
	}
	w.setup(0, "", []string{"Setup had nothing to change on 2 servers", "ready"}, servers...)
}

func TestACheckShowsAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	hosts := []string{"--hosts", w.addr("web1")}
	w.setup(0, "slipway_color: red\n", []string{"made 1 change on 1 server"}, hosts...)
	before := w.read(w.out + "/127.0.0.1")
	w.setup(0, "slipway_color: blue\n", []string{"-color red", "+color blue", "Check of the setup found 1 change to make on 1 server", "would be changed"}, append(hosts, "--check")...)
	if after := w.read(w.out + "/127.0.0.1"); after != before {
		t.Errorf("a check wrote: %s", after)
	}
}

func TestThroughJumpHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("outer")
	w.start("inner")
	w.start("web1", "AllowTcpForwarding no")
	w.setup(0, "", []string{"made 1 change"}, "--hosts", w.addr("web1"), "--jump-hosts", w.user+"@"+w.addr("outer")+" "+w.user+"@"+w.addr("inner"))
	for _, name := range []string{"outer", "inner"} {
		if log := w.servers[name].log.String(); !strings.Contains(log, "Accepted publickey") {
			t.Errorf("nobody came through %s: %s", name, log)
		}
	}
}

func TestAHostKeyThatIsNotDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	w.start("web2")
	known := w.known
	w.known = known[:1]
	w.setup(1, "", []string{"Setup failed after 1 change", "its host key is not in known-hosts; nothing was sent. Add the line", "not reached", "changed"},
		"--hosts", w.addr("web1")+" "+w.addr("web2"))
	w.known = []string{known[0], strings.Replace(known[0], ":"+w.servers["web1"].port, ":"+w.servers["web2"].port, 1)}
	w.setup(1, "", []string{"its host key is not the one in known-hosts, or someone is intercepting the connection"}, "--hosts", w.addr("web2"))
	if log := w.servers["web2"].log.String(); strings.Contains(log, "Accepted") {
		t.Error("it logged in all the same")
	}
}

func TestAKeyThatIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1", "AuthorizedKeysFile none")
	w.setup(1, "", []string{"it does not let setup-user in with this key", "Setup failed"}, "--hosts", w.addr("web1"))
}

func TestAFailureOnOneServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	w.start("web2")
	second := "127.0.0.1-" + w.servers["web2"].port
	w.setup(1, "slipway_fail: no such port\nslipway_fail_on: "+second+"\n",
		[]string{"Setup failed", w.addr("web2") + "  failed", w.addr("web1") + "  not finished", w.addr("web2") + ": Fail where that is wanted: ::error::***"},
		"--hosts", w.addr("web1")+" "+w.addr("web2"))
	if entries, _ := os.ReadDir(w.out); len(entries) > 0 {
		t.Errorf("%v", entries)
	}
}

func TestOnThisMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.known = nil
	w.setup(0, "", []string{"made 1 change on 1 server", "local   changed"}, "--hosts", "local", "--build-host", "local")
	if got := w.read(w.out + "/local"); !strings.Contains(got, "groups build-servers web-servers\n") {
		t.Errorf("%s", got)
	}
}

func TestServersOfAnInventory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	w.start("other")
	inventory := w.write("inventory/hosts", "[web-servers]\nweb1 ansible_host=127.0.0.1 ansible_port="+w.servers["web1"].port+
		"\n[staging]\ns1 ansible_host=127.0.0.1 ansible_port="+w.servers["web1"].port+
		"\n[databases]\ndb1 ansible_host=127.0.0.1 ansible_port="+w.servers["other"].port+"\n")
	w.write("inventory/group_vars/all/all.yml", "slipway_color: green\nslipway_app: other\n")
	w.write("inventory/group_vars/web-servers/vars.yml", "slipway_deploy_user: release\n")
	w.write("ansible.cfg", "[defaults]\nstdout_callback = nonsense\n")
	w.setup(0, "", []string{"made 1 change on 1 server", "web1    changed"}, "--inventory", inventory)
	if got := w.read(w.out + "/web1"); got != "app apxr/apxr_io\nuser release\ngroups web-servers\ncolor green\n" {
		t.Errorf("%s", got)
	}
	w.setup(0, "", []string{"made 1 change on 1 server", "s1      changed"}, "--inventory", inventory, "--inventory-group", "staging")
	if got := w.read(w.out + "/s1"); !strings.Contains(got, "groups staging web-servers\n") {
		t.Errorf("%s", got)
	}
	if strings.Contains(w.servers["other"].log.String(), "Accepted") {
		t.Error("a server of another group was visited")
	}
}
