package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sshd makes a server that ssh starts itself, and lines of known_hosts for it. The
// certificate of its host key has these options of ssh-keygen; nil: there is none.
type sshd struct {
	t       *testing.T
	dir     string
	command string
}

func newSSHD(t *testing.T, sign []string) sshd {
	t.Helper()
	const server = "/usr/sbin/sshd"
	if _, err := os.Stat(server); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test must run in CI: %v", err)
		}
		t.Skip(err)
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := sshd{t: t, dir: t.TempDir()}
	s.keygen("-t", "ed25519", "-N", "", "-f", "ca")
	s.keygen("-t", "ed25519", "-N", "", "-f", "host")
	config := "HostKey " + s.dir + "/host\nPidFile none\n"
	if sign != nil {
		s.keygen(append(append([]string{"-s", "ca", "-h", "-I", "host"}, sign...), "host.pub")...)
		config += "HostCertificate " + s.dir + "/host-cert.pub\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, "sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.command = server + " -i -f " + s.dir + "/sshd_config"
	return s
}

func (s sshd) keygen(args ...string) {
	s.t.Helper()
	cmd := exec.Command("ssh-keygen", append([]string{"-q"}, args...)...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

func (s sshd) public(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name+".pub"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// ssh connects as a setup does. Nobody may log in: the answer says whether ssh
// trusted the host key.
func (s sshd) ssh(known string) (trusted bool, said string) {
	s.t.Helper()
	f := place{filepath.Join(s.dir, "100% a")}
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := f.furnish(Plan{Collection: os.DirFS(s.t.TempDir()), Access: Access{KnownHosts: []byte(known)}}); err != nil {
		s.t.Fatal(err)
	}
	out, _ := exec.Command("ssh", "-F", f.path("ssh_config"), "-o", "ProxyCommand="+s.command, "web1", "true").CombinedOutput()
	trusted, refused := strings.Contains(string(out), "Permission denied (publickey"), strings.Contains(string(out), "Host key verification failed")
	if trusted == refused {
		s.t.Fatalf("%s", out)
	}
	return trusted, string(out)
}

// OpenSSH itself takes a host certificate without names for any host.
func TestAHostCertificateMustNameItsHost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sign    []string // nil: no certificate
		known   string
		trusted bool
		says    string
	}{
		"for its name":               {[]string{"-n", "web1"}, "@cert-authority web1 CA", true, ""},
		"for another name":           {[]string{"-n", "web9"}, "@cert-authority * CA", false, ""},
		"for no name":                {[]string{}, "@cert-authority * CA", false, "the host certificate of web1 names no host, so it is not trusted: have one signed for it (ssh-keygen -h -n NAME)"},
		"for no name, line by line":  {[]string{}, "# ours\r\n\r\n  @cert-authority * CA\r\n", false, "names no host"},
		"for no name, and a line":    {[]string{}, "@cert-authority * CA\nweb1 HOST", true, ""},
		"for no name, and revoked":   {[]string{"-n", "web1"}, "@cert-authority * CA\n@revoked * CA", false, ""},
		"of another authority":       {[]string{"-n", "web1"}, "@cert-authority * HOST", false, ""},
		"no certificate":             {nil, "web1 HOST", true, ""},
		"no certificate, and a CA":   {nil, "@cert-authority * CA\nweb1 HOST", true, ""},
		"no certificate, and no key": {nil, "@cert-authority * CA", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSSHD(t, c.sign)
			known := strings.NewReplacer("CA", s.public("ca"), "HOST", s.public("host")).Replace(c.known)
			if trusted, said := s.ssh(known); trusted != c.trusted || !strings.Contains(said, c.says) {
				t.Errorf("trusted: %v\n%s", trusted, said)
			}
		})
	}
}
