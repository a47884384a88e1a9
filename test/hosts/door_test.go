package hosts

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/world"
)

// doorPort is the port of an sshd that a test starts beside a host's own one, with
// settings that it chooses: the host's own stays as it is, for the tests' own
// ways in and for other tests.
const doorPort = "2222"

const doorKeys = "/etc/ssh/door_keys"

// openDoor starts that sshd, until the test ends.
func (w *webHost) openDoor(h *lab.Host, settings ...string) {
	w.Helper()
	argv := []string{"systemd-run", "--quiet", "--collect", "--unit=door", "--property=Type=notify", "/usr/sbin/sshd", "-D", "-p", doorPort}
	for _, s := range settings {
		argv = append(argv, "-o", s)
	}
	_, err := h.Run(w.Context(), nil, argv...)
	w.Must(err)
	(&webHost{w.World, h}).cleanup("systemctl stop door")
}

// door is a host with an sshd that knows users' certificates of one authority and
// has a certificate of another one itself.
type door struct {
	*webHost
	at, known      string // its address, and known_hosts for it
	userCA, hostCA string // the authorities' keys
}

func newDoor(t *testing.T) *door {
	t.Helper()
	w := newWorld(t)
	d := &door{webHost: w, at: w.host.Addr + ":" + doorPort, userCA: w.newKey("ed25519", "", ""), hostCA: w.newKey("ed25519", "", "")}
	certified := filepath.Join(t.TempDir(), "ssh_host_ed25519_key.pub")
	w.Must(os.WriteFile(certified, []byte(w.Read(filepath.Join(w.host.Root(), "etc/ssh/ssh_host_ed25519_key.pub"))), 0o600))
	w.Tool("ssh-keygen", "-q", "-s", d.hostCA, "-I", w.host.Name, "-h", "-n", w.host.Addr+","+w.host.Name, certified)
	w.install(doorKeys, w.Read(w.Lab.DeployKeyPath()+".pub"))
	w.install("/etc/ssh/door_ca.pub", w.Read(d.userCA+".pub"))
	w.install("/etc/ssh/door_cert.pub", w.Read(strings.TrimSuffix(certified, ".pub")+"-cert.pub"))
	w.openDoor(w.host, "AuthorizedKeysFile="+doorKeys, "TrustedUserCAKeys=/etc/ssh/door_ca.pub", "HostCertificate=/etc/ssh/door_cert.pub")
	d.known = w.File(w.hostKeys(w.host.Name, "["+w.host.Addr+"]:"+doorPort))
	return d
}

// sub runs a subtest at the same door.
func (d *door) sub(name string, try func(*door)) {
	d.webHost.sub(name, func(w *webHost) {
		v := *d
		v.webHost = w
		try(&v)
	})
}

// looks does through the door what needs no more than to be let in.
func (d *door) looks(words ...string) command.Result {
	d.Helper()
	return d.Slipway(append([]string{"releases", "--hosts", d.at, "--verbose", "1", knownSetting + d.known}, words...)...)
}

// deploys deploys a new release through the door.
func (d *door) deploys(words ...string) command.Result {
	d.Helper()
	id := d.good()
	r := d.Slipway(world.DeployOf(id, append([]string{"--hosts", d.at, "--verbose", "1", knownSetting + d.known}, words...)...)...)
	d.Red(0, r, "logged in as deploy")
	d.runs(id)
	return r
}

// admit lets the holder of a key in through the door.
func (d *door) admit(key string) {
	d.Helper()
	d.root("echo '" + d.Read(key+".pub") + "' >>" + doorKeys)
}

// newKey makes a key pair and returns the path of its private half.
func (w *webHost) newKey(kind, format, passphrase string) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "key")
	argv := []string{"-q", "-t", kind, "-N", passphrase, "-C", "", "-f", path}
	if kind == "rsa" {
		argv = append(argv, "-b", "2048")
	}
	if format != "" { // else OpenSSH's own
		argv = append(argv, "-m", format)
	}
	w.Tool("ssh-keygen", argv...)
	return path
}

// hostKeys returns a host's keys as known_hosts lines for a name.
func (w *webHost) hostKeys(host, name string) string {
	w.Helper()
	var lines strings.Builder
	for line := range strings.Lines(w.Read(w.Lab.KnownHostsPath())) {
		names, key, _ := strings.Cut(line, " ")
		if strings.HasPrefix(names, host+",") {
			lines.WriteString(name + " " + key)
		}
	}
	return lines.String()
}

// noSecret checks that a run told nothing of a private key's file, nor this.
func (w *webHost) noSecret(r command.Result, key string, secrets ...string) {
	w.Helper()
	for line := range strings.Lines(w.Read(key)) {
		if line = strings.TrimSpace(line); len(line) >= 16 && !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, line[:16])
		}
	}
	for _, s := range secrets {
		if s != "" && strings.Contains(r.Said(), s) {
			w.Errorf("the log has %q, which is secret", s)
		}
	}
}

// agent starts an agent that holds keys; certificates beside them are not
// loaded.
func (w *webHost) agent(keys ...string) (socket string) {
	w.Helper()
	dir, err := os.MkdirTemp("", "agent-") // a socket's path has to be short
	w.Must(err)
	socket = filepath.Join(dir, "s")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	w.Must(agent.Start())
	w.Cleanup(func() {
		w.Must(agent.Process.Kill())
		agent.Wait()
		os.RemoveAll(dir)
	})
	w.Until("the agent to listen", func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	for _, key := range keys {
		add := exec.CommandContext(w.Context(), "ssh-add", "-q", "-")
		add.Env, add.Stdin = append(os.Environ(), "SSH_AUTH_SOCK="+socket), strings.NewReader(w.Read(key))
		if out, err := add.CombinedOutput(); err != nil {
			w.Fatalf("ssh-add: %v: %s", err, out)
		}
	}
	return socket
}
