package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitHost is a git server whose host key has a certificate with these options of
// ssh-keygen. The site's ssh is OpenSSH's own, which starts that server itself.
func (s *site) gitHost(dir string, sign ...string) (ca, host string) {
	s.t.Helper()
	const server = "/usr/sbin/sshd"
	if _, err := os.Stat(server); err != nil {
		if os.Getenv("CI") == "true" {
			s.t.Fatalf("this test must run in CI: %v", err)
		}
		s.t.Skip(err)
	}
	if os.Geteuid() == 0 {
		must(s.t, os.MkdirAll("/run/sshd", 0o755))
	}
	keygen := func(args ...string) {
		cmd := exec.Command("ssh-keygen", append([]string{"-q"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("%v: %s", err, out)
		}
	}
	keygen("-t", "ed25519", "-N", "", "-f", "ca")
	keygen("-t", "ed25519", "-N", "", "-f", "host")
	keygen(append(append([]string{"-s", "ca", "-h", "-I", "host"}, sign...), "host.pub")...)
	config := "HostKey " + dir + "/host\nHostCertificate " + dir + "/host-cert.pub\nPidFile none\n"
	must(s.t, os.WriteFile(filepath.Join(dir, "sshd_config"), []byte(config), 0o600))
	s.command("ssh", `exec /usr/bin/ssh -F /dev/null -o "ProxyCommand=`+server+` -i -f `+dir+`/sshd_config" "$@"`)
	public := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name+".pub"))
		must(s.t, err)
		return strings.TrimSpace(string(text))
	}
	return public("ca"), public("host")
}

// OpenSSH itself takes a host certificate without names for any host.
func TestTheHostCertificateOfAGitServerMustNameIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sign    []string
		known   string
		trusted bool
		says    string
	}{
		"for its name":            {[]string{"-n", "git.test"}, "@cert-authority *.test CA", true, ""},
		"for another name":        {[]string{"-n", "web1"}, "@cert-authority *.test CA", false, ""},
		"for no name":             {nil, "@cert-authority *.test CA", false, "the host certificate of git.test names no host, so it is not trusted: have one signed for it (ssh-keygen -h -n NAME)"},
		"for no name, and a line": {nil, "@cert-authority *.test CA\ngit.test HOST", true, ""},
		"revoked":                 {[]string{"-n", "git.test"}, "@cert-authority *.test CA\n@revoked * CA", false, ""},
		"a line, without a CA":    {nil, "git.test HOST", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gitSite(t)
			ca, host := s.gitHost(t.TempDir(), c.sign...)
			known := strings.NewReplacer("CA", ca, "HOST", host).Replace(c.known)
			said, err := s.asGit(Access{KnownHosts: known}, "git ls-remote git@git.test:x || :")
			must(t, err)
			trusted, refused := strings.Contains(said, "Permission denied (publickey"), strings.Contains(said, "Host key verification failed")
			if trusted == refused || trusted != c.trusted || !strings.Contains(said, c.says) {
				t.Errorf("trusted: %v\n%s", trusted, said)
			}
			if c.sign == nil && !c.trusted {
				_, err := s.asGit(Access{KnownHosts: known}, `mkdir -p "$root/mirrors"; mirror git@git.test:x main`)
				wantReason(t, err, "the host certificate of the server of git@git.test:x names no host: have one signed for it (ssh-keygen -h -n NAME), or give the line of its own key as git-known-hosts")
			}
		})
	}
}
