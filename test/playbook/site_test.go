// Package playbook runs slipway setup with a small collection of its own against
// OpenSSH on loopback: how Ansible is started, reached, watched and ended.
//
// What the real collection makes of a server is not its concern.
package playbook

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/app"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/test/world"
)

// asProgram makes this test binary the program: the name of a verb's form.
const asProgram = "SLIPWAY_PLAYBOOK_TEST_IS"

func TestMain(m *testing.M) {
	system := app.System{Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Collection: os.DirFS(os.Getenv("SLIPWAY_TEST_COLLECTION"))}
	switch os.Getenv(asProgram) {
	case "cli":
		os.Exit(app.CLI(system))
	case "action":
		os.Exit(app.Action(config.Setup, system))
	}
	os.Exit(m.Run())
}

// need skips a test on a laptop that lacks what it is about.
func need(t world.T) {
	t.Helper()
	for _, path := range []string{"ansible-playbook", "/usr/sbin/sshd", "ssh"} {
		if _, err := exec.LookPath(path); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// site is a key, servers that let it in, and a directory for what they write.
type site struct {
	world.T
	dir     string // with the keys and whatever a test puts there
	tmp     string // the program's TMPDIR
	out     string // slipway_dir
	user    string
	phrase  string // of the key
	known   []string
	servers map[string]*server
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{T: world.T{T: t}, dir: t.TempDir(), out: t.TempDir(), phrase: rand.Text(), servers: map[string]*server{}}
	need(s.T)
	me, err := user.Current()
	s.Must(err)
	s.user = me.Username
	s.tmp, err = os.MkdirTemp("", "pb") // short: it has sockets
	s.Must(err)
	t.Cleanup(func() { os.RemoveAll(s.tmp) })
	s.Must(os.Chmod(s.out, 0o777))
	s.keygen("key", s.phrase)
	return s
}

func (s *site) keygen(name, passphrase string) {
	s.Helper()
	s.Tool("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", s.file(name))
}

func (s *site) file(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) string {
	s.Helper()
	path := s.file(name)
	s.Must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)))
	return path
}

// server is an sshd of this machine.
type server struct {
	port string
	log  bytes.Buffer
	cmd  *exec.Cmd
}

func (s *site) start(name string, options ...string) *server {
	s.Helper()
	if os.Geteuid() == 0 {
		s.Must(os.MkdirAll("/run/sshd", 0o755))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	v := &server{port: fmt.Sprint(l.Addr().(*net.TCPAddr).Port)}
	s.Must(l.Close())
	s.keygen(name+"_host", "")
	lines := append(options, "ListenAddress 127.0.0.1:"+v.port, "HostKey "+s.file(name+"_host"), "AuthorizedKeysFile "+s.file("key.pub"),
		"PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "Subsystem sftp internal-sftp", "LogLevel VERBOSE")
	v.cmd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", s.write(name+"_config", strings.Join(lines, "\n")+"\n"))
	v.cmd.Stderr = &v.log
	v.cmd.WaitDelay = time.Second
	s.Must(v.cmd.Start())
	s.Cleanup(func() {
		v.cmd.Process.Kill()
		v.cmd.Wait()
	})
	s.Until(name+" to listen", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+v.port)
		return err == nil && conn.Close() == nil
	})
	s.known = append(s.known, "[127.0.0.1]:"+v.port+" "+s.Read(s.file(name+"_host.pub")))
	s.servers[name] = v
	return v
}

func (s *site) addr(name string) string { return "127.0.0.1:" + s.servers[name].port }

// program is slipway setup with these flags, and secrets in its environment.
func (s *site) program(vars string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	s.Helper()
	collection, err := filepath.Abs("testdata/collection")
	s.Must(err)
	binary, err := os.Executable()
	s.Must(err)
	cmd := exec.Command(binary, append([]string{"setup", "--app", "apxr/apxr_io", "--setup-user", s.user}, args...)...)
	cmd.Env = []string{
		asProgram + "=cli", "SLIPWAY_TEST_COLLECTION=" + collection, "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.tmp,
		"SLIPWAY_SETUP_KEY=" + s.Read(s.file("key")), "SLIPWAY_SETUP_PASSPHRASE=" + s.phrase, "SLIPWAY_KNOWN_HOSTS=" + strings.Join(s.known, ""),
		"SLIPWAY_SETUP_VARS=slipway_dir: " + s.out + "\n" + vars,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// setup runs it and holds the exit code and the output against what is wanted.
func (s *site) setup(code int, vars string, says []string, args ...string) string {
	s.Helper()
	cmd, out := s.program(vars, args...)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.Errorf("exit code %d, want %d", got, code)
	}
	for _, words := range says {
		if !strings.Contains(out.String(), words) {
			s.Errorf("it does not say %q", words)
		}
	}
	s.nothingIsLeft(cmd)
	if s.Failed() {
		s.Logf("%s", out)
	}
	return out.String()
}

// nothingIsLeft looks for what a run may have forgotten.
func (s *site) nothingIsLeft(cmd *exec.Cmd) {
	s.Helper()
	left, err := filepath.Glob(s.tmp + "/*")
	s.Must(err)
	for _, path := range append(left, private(cmd)...) {
		s.Errorf("%s is left", path)
	}
	// The way through a jump host ends a moment after the connection that goes through it.
	processes := s.processes(cmd)
	for n := 0; n < 1200 && len(processes) > 0; n++ {
		time.Sleep(50 * time.Millisecond)
		processes = s.processes(cmd)
	}
	for _, p := range processes {
		s.Errorf("a process is left: %s", p)
	}
}

// private is the private directory of a run.
func private(cmd *exec.Cmd) []string {
	dirs, _ := filepath.Glob(fmt.Sprintf("/dev/shm/slipway-%d-*", cmd.Process.Pid))
	return dirs
}

// processes are those that have this world's temporary directory in their
// environment or the run's private directory in their title: ssh writes that over
// its environment.
func (s *site) processes(cmd *exec.Cmd) (all []string) {
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	s.Must(err)
	for _, path := range entries {
		env, _ := os.ReadFile(path)
		title, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if bytes.Contains(env, []byte("TMPDIR="+s.tmp+"\x00")) || bytes.Contains(title, fmt.Appendf(nil, "/slipway-%d-", cmd.Process.Pid)) {
			all = append(all, filepath.Dir(path)+" "+strings.ReplaceAll(string(title), "\x00", " "))
		}
	}
	return all
}
