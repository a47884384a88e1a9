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
func need(t *testing.T) {
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a key, servers that let it in, and a directory for what they write.
type world struct {
	t       *testing.T
	dir     string // with the keys and whatever a test puts there
	tmp     string // the program's TMPDIR
	out     string // slipway_dir
	user    string
	phrase  string // of the key
	known   []string
	servers map[string]*server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	need(t)
	me, err := user.Current()
	must(t, err)
	w := &world{t: t, dir: t.TempDir(), out: t.TempDir(), user: me.Username, phrase: rand.Text(), servers: map[string]*server{}}
	w.tmp, err = os.MkdirTemp("", "pb") // short: it has sockets
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(w.tmp) })
	must(t, os.Chmod(w.out, 0o777))
	w.keygen("key", w.phrase)
	return w
}

func (w *world) keygen(name, passphrase string) {
	w.t.Helper()
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", w.file(name)).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) read(path string) string {
	w.t.Helper()
	text, err := os.ReadFile(path)
	must(w.t, err)
	return string(text)
}

func (w *world) write(name, text string) string {
	w.t.Helper()
	path := w.file(name)
	must(w.t, errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)))
	return path
}

// server is an sshd of this machine.
type server struct {
	port string
	log  bytes.Buffer
	cmd  *exec.Cmd
}

func (w *world) start(name string, options ...string) *server {
	w.t.Helper()
	if os.Geteuid() == 0 {
		must(w.t, os.MkdirAll("/run/sshd", 0o755))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(w.t, err)
	s := &server{port: fmt.Sprint(l.Addr().(*net.TCPAddr).Port)}
	must(w.t, l.Close())
	w.keygen(name+"_host", "")
	lines := append(options, "ListenAddress 127.0.0.1:"+s.port, "HostKey "+w.file(name+"_host"), "AuthorizedKeysFile "+w.file("key.pub"),
		"PidFile none", "UsePAM no", "StrictModes no", "PermitRootLogin yes", "Subsystem sftp internal-sftp", "LogLevel VERBOSE")
	s.cmd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", w.write(name+"_config", strings.Join(lines, "\n")+"\n"))
	s.cmd.Stderr = &s.log
	s.cmd.WaitDelay = time.Second
	must(w.t, s.cmd.Start())
	w.t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	})
	for range 200 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+s.port); err == nil {
			conn.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.known = append(w.known, "[127.0.0.1]:"+s.port+" "+w.read(w.file(name+"_host.pub")))
	w.servers[name] = s
	return s
}

func (w *world) addr(name string) string { return "127.0.0.1:" + w.servers[name].port }

// program is slipway setup with these flags, and secrets in its environment.
func (w *world) program(face string, vars string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	collection, err := filepath.Abs("testdata/collection")
	must(w.t, err)
	binary, err := os.Executable()
	must(w.t, err)
	cmd := exec.Command(binary, append([]string{"setup", "--app", "apxr/apxr_io", "--setup-user", w.user}, args...)...)
	cmd.Env = []string{
		asProgram + "=" + face, "SLIPWAY_TEST_COLLECTION=" + collection, "PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.tmp,
		"SLIPWAY_SETUP_KEY=" + w.read(w.file("key")), "SLIPWAY_SETUP_PASSPHRASE=" + w.phrase, "SLIPWAY_KNOWN_HOSTS=" + strings.Join(w.known, ""),
		"SLIPWAY_SETUP_VARS=slipway_dir: " + w.out + "\n" + vars,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// setup runs it and holds the exit code and the output against what is wanted.
func (w *world) setup(code int, vars string, says []string, args ...string) string {
	w.t.Helper()
	cmd, out := w.program("cli", vars, args...)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, words := range says {
		if !strings.Contains(out.String(), words) {
			w.t.Errorf("it does not say %q", words)
		}
	}
	w.nothingIsLeft(cmd)
	if w.t.Failed() {
		w.t.Logf("%s", out)
	}
	return out.String()
}

// nothingIsLeft looks for what a run may have forgotten.
func (w *world) nothingIsLeft(cmd *exec.Cmd) {
	w.t.Helper()
	left, err := filepath.Glob(w.tmp + "/*")
	must(w.t, err)
	for _, path := range append(left, private(cmd)...) {
		w.t.Errorf("%s is left", path)
	}
	// The way through a jump host ends a moment after the connection that goes through it.
	processes := w.processes(cmd)
	for n := 0; n < 100 && len(processes) > 0; n++ {
		time.Sleep(50 * time.Millisecond)
		processes = w.processes(cmd)
	}
	for _, p := range processes {
		w.t.Errorf("a process is left: %s", p)
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
func (w *world) processes(cmd *exec.Cmd) (all []string) {
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	must(w.t, err)
	for _, path := range entries {
		env, _ := os.ReadFile(path)
		title, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if bytes.Contains(env, []byte("TMPDIR="+w.tmp+"\x00")) || bytes.Contains(title, fmt.Appendf(nil, "/slipway-%d-", cmd.Process.Pid)) {
			all = append(all, filepath.Dir(path)+" "+strings.ReplaceAll(string(title), "\x00", " "))
		}
	}
	return all
}
