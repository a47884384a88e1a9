package playbook

import (
	"strings"
	"testing"
)

// A setup, then a check with other variables, which shows what a setup would
// change and changes nothing.
func TestASetupAndACheck(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("build1")
	servers := []string{"--hosts", s.addr("web1"), "--build-host", "builder@" + s.addr("build1")}
	s.setup(0, "", []string{"Setup made 2 changes on 2 servers", s.addr("web1") + "  ", ": changed\n  playbook      Write the file"}, servers...)
	there := map[string]string{
		s.out + "/127.0.0.1":                             "app apxr/apxr_io\nuser deploy\ngroups web-servers\ncolor none\n",
		s.out + "/127.0.0.1-" + s.servers["build1"].port: "app apxr/apxr_io\nuser builder\ngroups build-servers\ncolor none\n",
	}
	s.has(there)
	s.setup(0, "slipway_color: blue\n", []string{"-color none", "+color blue", "Check of the setup found 2 changes to make on 2 servers", "would be changed"}, append(servers, "--check", "--verbose", "1")...)
	s.has(there)
	said := s.setup(0, "slipway_color: blue\n", []string{"--verbose 1 shows what would be in each file"}, append(servers, "--check")...)
	if n := strings.Count(said, "\n"); n > 20 || strings.Contains(said, "+color blue") || strings.Contains(said, "WARNING") {
		t.Errorf("a check prints %d lines:\n%s", n, said)
	}
}

// has checks what is in files.
func (s *site) has(files map[string]string) {
	s.Helper()
	for path, want := range files {
		if got := s.Read(path); got != want {
			s.Errorf("%s has %q, want %q", path, got, want)
		}
	}
}

// Of three servers one is set up; to one that may be another nothing is sent,
// and one does not let the key in.
func TestServersThatCannotBeReached(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("web2", "AuthorizedKeysFile none")
	declared := s.known
	s.start("web3")
	s.known = declared
	s.setup(1, "", []string{
		"Setup failed after 1 change", s.addr("web1") + "  changed", s.addr("web2") + "  not reached", s.addr("web3") + "  not reached",
		s.addr("web2") + ": Look at the server: it does not let setup-user in with this key",
		s.addr("web3") + ": Look at the server: its host key is not in known-hosts; nothing was sent. Add the line",
	}, "--hosts", s.addr("web1")+" "+s.addr("web2")+" "+s.addr("web3"))
	if log := s.servers["web3"].log.String(); strings.Contains(log, "Accepted") {
		t.Error("it logged in all the same")
	}
}
