//go:build full

package playbook

import (
	"os"
	"strings"
	"testing"
)

func TestTheSecondSetupChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("build1")
	servers := []string{"--hosts", s.addr("web1"), "--build-host", "builder@" + s.addr("build1")}
	s.setup(0, "", []string{"Setup made 2 changes on 2 servers", s.addr("web1") + "  ", ": changed\n  playbook      Write the file"}, servers...)
	web, build := s.Read(s.out+"/127.0.0.1"), s.Read(s.out+"/127.0.0.1-"+s.servers["build1"].port)
	if web != "app apxr/apxr_io\nuser deploy\ngroups web-servers\ncolor none\n" {
		t.Errorf("%s", web)
	}
	if build != "app apxr/apxr_io\nuser builder\ngroups build-servers\ncolor none\n" {
		t.Errorf("%s", build)
	}
	s.setup(0, "", []string{"Setup had nothing to change on 2 servers", "ready"}, servers...)
}

func TestThroughJumpHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("outer")
	s.start("inner")
	s.start("web1", "AllowTcpForwarding no")
	s.setup(0, "", []string{"made 1 change"}, "--hosts", s.addr("web1"), "--jump-hosts", s.user+"@"+s.addr("outer")+" "+s.user+"@"+s.addr("inner"))
	for _, name := range []string{"outer", "inner"} {
		if log := s.servers[name].log.String(); !strings.Contains(log, "Accepted publickey") {
			t.Errorf("nobody came through %s: %s", name, log)
		}
	}
}

func TestAnotherHostKeyThanTheDeclaredOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("web2")
	known := s.known
	s.known = []string{known[0], strings.Replace(known[0], ":"+s.servers["web1"].port, ":"+s.servers["web2"].port, 1)}
	s.setup(1, "", []string{"its host key is not the one in known-hosts, or someone is intercepting the connection"}, "--hosts", s.addr("web2"))
	if log := s.servers["web2"].log.String(); strings.Contains(log, "Accepted") {
		t.Error("it logged in all the same")
	}
}

func TestAFailureOnOneServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("web2")
	second := "127.0.0.1-" + s.servers["web2"].port
	s.setup(1, "slipway_fail: no such port\nslipway_fail_on: "+second+"\n",
		[]string{"Setup failed", s.addr("web2") + "  failed", s.addr("web1") + "  not finished", s.addr("web2") + ": Fail where that is wanted: ::error::***"},
		"--hosts", s.addr("web1")+" "+s.addr("web2"))
	if entries, _ := os.ReadDir(s.out); len(entries) > 0 {
		t.Errorf("%v", entries)
	}
}

func TestOnThisMachine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.known = nil
	s.setup(0, "", []string{"made 1 change on 1 server", "local   changed"}, "--hosts", "local", "--build-host", "local")
	if got := s.Read(s.out + "/local"); !strings.Contains(got, "groups build-servers web-servers\n") {
		t.Errorf("%s", got)
	}
}

func TestServersOfAnInventory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("other")
	inventory := s.write("inventory/hosts", "[web-servers]\nweb1 ansible_host=127.0.0.1 ansible_port="+s.servers["web1"].port+
		"\n[staging]\ns1 ansible_host=127.0.0.1 ansible_port="+s.servers["web1"].port+
		"\n[databases]\ndb1 ansible_host=127.0.0.1 ansible_port="+s.servers["other"].port+"\n")
	s.write("inventory/group_vars/all/all.yml", "slipway_color: green\nslipway_app: other\n")
	s.write("inventory/group_vars/web-servers/vars.yml", "slipway_deploy_user: release\n")
	s.write("ansible.cfg", "[defaults]\nstdout_callback = nonsense\n")
	s.setup(0, "", []string{"made 1 change on 1 server", "web1    changed"}, "--inventory", inventory)
	if got := s.Read(s.out + "/web1"); got != "app apxr/apxr_io\nuser release\ngroups web-servers\ncolor green\n" {
		t.Errorf("%s", got)
	}
	s.setup(0, "", []string{"made 1 change on 1 server", "s1      changed"}, "--inventory", inventory, "--inventory-group", "staging")
	if got := s.Read(s.out + "/s1"); !strings.Contains(got, "groups staging web-servers\n") {
		t.Errorf("%s", got)
	}
	if strings.Contains(s.servers["other"].log.String(), "Accepted") {
		t.Error("a server of another group was visited")
	}
}
