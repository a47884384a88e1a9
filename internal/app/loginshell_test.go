package app

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// door is an OpenSSH server on loopback that lets the user who runs the tests in,
// through a program of the test's.
type door struct {
	dir, port string
	key       string
	known     string
}

// openDoor starts an sshd with these options. Without openssh-server the test cannot
// run.
func openDoor(t *testing.T, options string) door {
	t.Helper()
	const sshd = "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs openssh-server: make test installs it")
		}
		t.Skip("needs openssh-server")
	}
	if os.Geteuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755)) // systemd creates it only when it starts sshd
	}
	d := door{dir: t.TempDir()}
	for _, name := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(d.dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, d.port, _ = net.SplitHostPort(l.Addr().String())
	must(t, l.Close())
	d.key, d.known = d.read(t, "user"), "[127.0.0.1]:"+d.port+" "+d.read(t, "host.pub")
	// The startup files of the user who runs the tests may print too.
	config := fmt.Sprintf("%s\nSetEnv HOME=%s\nListenAddress 127.0.0.1:%s\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n",
		options, d.dir, d.port, filepath.Join(d.dir, "host"), filepath.Join(d.dir, "user.pub"))
	must(t, os.WriteFile(filepath.Join(d.dir, "config"), []byte(config), 0o600))
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(d.dir, "config"))
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+d.port); err == nil {
			conn.Close()
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("sshd does not listen")
	return d
}

func (d door) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.dir, name))
	must(t, err)
	return string(data)
}

// run returns a run of a verb through the door.
func (d door) run(t *testing.T, verb string, more ...string) (w *world, host string) {
	t.Helper()
	me, err := user.Current()
	must(t, err)
	host = me.Username + "@127.0.0.1:" + d.port
	w = newWorld(append([]string{verb, "--app", "apxr/shop", "--hosts", host, "--deploy-to", filepath.Join(d.dir, "shop")}, more...)...)
	w.env["SLIPWAY_SSH_KEY"], w.env["SLIPWAY_KNOWN_HOSTS"] = d.key, d.known
	return w, host
}

// What sits between sshd and the scripts is named, with the host.
func TestWhatRunsInPlaceOfALoginShellIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ force, want string }{
		"SFTP alone":       {"internal-sftp", `sshd lets this user in for SFTP alone and printed "This service allows sftp connections only.": a ForceCommand internal-sftp in sshd_config`},
		"nologin":          {"/usr/sbin/nologin", "the user's login shell lets nobody in and printed "},
		"it ends at once":  {"exit 0", "the login shell ended with exit status 0 before it ran anything and printed nothing: look for exit and exec"},
		"false":            {"/bin/false", "the login shell ended with exit status 1 before it ran anything and printed nothing"},
		"words and an end": {"echo maintenance until 9 o\\'clock; exit 3", `the login shell ended with exit status 3 before it ran anything and printed "maintenance until 9 o'clock"`},
		"no sh":            {"PATH=/nowhere; eval \"$SSH_ORIGINAL_COMMAND\"", `the login shell finds no program named sh and printed "`},
		"another program":  {"exec cat", "another program runs in place of the login shell and sends back what it gets: look for exit and exec"},
		"an endless one":   {"exec yes", "the login shell prints without end and printed \"y y y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, host := openDoor(t, "ForceCommand "+c.force).run(t, "releases")
			w.cli(t, exitFailed, host+": "+c.want)
			t.Log(w.errOut.String())
		})
	}
}

// withSystemctl returns a command that sets a PATH with a systemctl of the test's.
func withSystemctl(t *testing.T) string {
	t.Helper()
	programs := t.TempDir()
	must(t, os.WriteFile(filepath.Join(programs, "systemctl"), []byte("#!/bin/sh\nprintf 'LoadState=loaded\\nActiveState=active\\nMainPID=0\\n\\n'\n"), 0o755))
	return "export PATH=" + programs + ":$PATH"
}

// A login shell of any kind may talk, before a script and after it.
func TestALoginShellMayTalk(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"sh", "bash", "fish", "tcsh", "csh", "zsh", "mksh"} {
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			d := openDoor(t, "ForceCommand "+withSystemctl(t)+"; echo units=forged; echo Hello; echo error=no >&2; "+shell+` -c "$SSH_ORIGINAL_COMMAND"; s=$?; echo error=farewell; exit $s`)
			must(t, os.MkdirAll(filepath.Join(d.dir, "shop/releases/20240101T000000"), 0o755))
			w, host := d.run(t, "releases")
			w.cli(t, exitOK, "20240101T000000")
			if said := w.errOut.String(); strings.Count(said, host+"'s login shell printed: units=forged Hello error=no\n") != 1 {
				t.Errorf("%s", said)
			}
		})
	}
}

// A run needs two sessions: one for the lock, and one for everything else. An sshd that
// allows one is named before anything changes.
func TestASSHDThatAllowsOneSessionIsNamed(t *testing.T) {
	t.Parallel()
	door := openDoor(t, "MaxSessions 1\nForceCommand "+withSystemctl(t)+`; eval "$SSH_ORIGINAL_COMMAND"`)
	base := filepath.Join(door.dir, "shop")
	must(t, os.MkdirAll(filepath.Join(base, "releases"), 0o755))
	me, err := user.Current()
	must(t, err)
	there := config.Host{User: me.Username, Host: "127.0.0.1", Port: door.port}
	d, err := newDialer(config.Config{Hosts: []config.Host{there}, Access: config.Access{Key: []byte(door.key), KnownHosts: []byte(door.known)}}, noEnv, silent)
	must(t, err)
	defer d.Close()
	conn, err := d.heard(t.Context(), there)
	must(t, err)
	defer conn.Close()
	host := script.Host{Machine: script.NewShell(conn), Layout: release.Layout{Base: base}}
	lock, err := host.Lock(t.Context(), script.Holder{What: "rollback"}, script.Wait{})
	must(t, err)
	defer lock.Release()
	_, err = host.Inspect(t.Context(), script.Look{Units: []string{"shop.service"}})
	const want = ": sshd opens no further session on this connection: MaxSessions in its sshd_config must be 2 at least, and is 10 by default"
	if err == nil || !strings.Contains(err.Error(), there.String()+want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// sshd finds no shell in an empty chroot.
func TestAChrootWithoutAShellIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("only root can use a chroot")
	}
	empty, err := os.MkdirTemp("/run", "slipway-chroot-") // sshd wants all directories above it to be root's alone
	must(t, err)
	t.Cleanup(func() { os.Remove(empty) })
	w, host := openDoor(t, "ChrootDirectory "+empty).run(t, "releases")
	w.cli(t, exitFailed, host+": the login shell cannot be started and printed \"/bin/bash: No such file or directory\": it is missing on the host, or in the ChrootDirectory")
}
