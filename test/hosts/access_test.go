package hosts

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/light"
)

// door is the port of an sshd that a test starts beside a host's own one, with
// settings that it chooses: the host's own stays as it is, for the tests' own
// ways in and for other tests.
const door = "2222"

func openDoor(t *testing.T, h *lab.Host, settings ...string) {
	t.Helper()
	argv := []string{"systemd-run", "--quiet", "--collect", "--unit=door", "--property=Type=notify", "/usr/sbin/sshd", "-D", "-p", door}
	for _, s := range settings {
		argv = append(argv, "-o", s)
	}
	if _, err := h.Run(t.Context(), nil, argv...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		if _, err := h.Run(context.Background(), nil, "systemctl", "stop", "door"); err != nil {
			t.Error(err)
		}
	})
}

// in is the world for a subtest.
func (w *world) in(t *testing.T) *world {
	v := *w
	v.T = t
	return &v
}

// tool runs a program of this machine.
func (w *world) tool(stdin string, argv ...string) {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.Fatalf("%v: %v: %s", argv, err, out)
	}
}

func (w *world) file(name, text string) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), name)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (w *world) read(path string) string {
	w.Helper()
	data, err := os.ReadFile(path)
	w.must(err)
	return string(data)
}

// newKey makes a key pair and returns the path of its private half.
func (w *world) newKey(kind, format, passphrase string) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "key")
	argv := []string{"ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", path}
	if kind == "rsa" {
		argv = append(argv, "-b", "2048")
	}
	w.tool("", append(argv, inFormat(format)...)...)
	return path
}

func inFormat(name string) []string {
	if name == "" {
		return nil // OpenSSH's own
	}
	return []string{"-m", name}
}

// admit lets the holder of a key in through the door.
func (w *world) admit(key string) {
	w.Helper()
	f, err := os.OpenFile(filepath.Join(w.host.Root(), doorKeys), os.O_APPEND|os.O_WRONLY, 0)
	w.must(err)
	defer f.Close()
	_, err = f.WriteString(w.read(key + ".pub"))
	w.must(err)
}

const doorKeys = "/etc/ssh/door_keys"

// hostKeys are a host's keys as known_hosts lines for a name.
func (w *world) hostKeys(host, name string) string {
	w.Helper()
	var lines strings.Builder
	for line := range strings.Lines(w.read(w.lab.KnownHostsPath())) {
		names, key, _ := strings.Cut(line, " ")
		if strings.HasPrefix(names, host+",") {
			lines.WriteString(name + " " + key)
		}
	}
	return lines.String()
}

// noSecret checks that a run told nothing of a private key's file, nor this.
func (w *world) noSecret(r command.Result, key string, secrets ...string) {
	w.Helper()
	for line := range strings.Lines(w.read(key)) {
		if line = strings.TrimSpace(line); len(line) >= 16 && !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, line[:16])
		}
	}
	for _, s := range secrets {
		if s != "" && strings.Contains(r.Stdout+r.Stderr, s) {
			w.Errorf("the log has %q, which is secret", s)
		}
	}
}

const keySetting, knownSetting = "SLIPWAY_SSH_KEY_FILE=", "SLIPWAY_KNOWN_HOSTS_FILE="

// Whatever a person or a workflow has of keys, certificates, agents and
// known_hosts, a real sshd lets them in, or the message says why not.
func TestLoggingIn(t *testing.T) {
	w := newWorld(t, "web4")
	addr := w.host.Addr
	at := addr + ":" + door

	userCA, hostCA := w.newKey("ed25519", "", ""), w.newKey("ed25519", "", "")
	certified := w.file("ssh_host_ed25519_key.pub", w.read(filepath.Join(w.host.Root(), "etc/ssh/ssh_host_ed25519_key.pub")))
	w.tool("", "ssh-keygen", "-q", "-s", hostCA, "-I", "web4", "-h", "-n", addr+",web4", certified)
	write := func(path, text string) {
		w.must(os.WriteFile(filepath.Join(w.host.Root(), path), []byte(text), 0o644))
	}
	write(doorKeys, w.read(w.lab.DeployKeyPath()+".pub"))
	write("/etc/ssh/door_ca.pub", w.read(userCA+".pub"))
	write("/etc/ssh/door_cert.pub", w.read(strings.TrimSuffix(certified, ".pub")+"-cert.pub"))
	openDoor(t, w.host, "AuthorizedKeysFile="+doorKeys, "TrustedUserCAKeys=/etc/ssh/door_ca.pub", "HostCertificate=/etc/ssh/door_cert.pub")
	known := w.file("known_hosts", w.hostKeys("web4", "["+addr+"]:"+door))
	n := 0
	// deploys deploys a new release through the door.
	deploys := func(t *testing.T, words ...string) command.Result {
		t.Helper()
		w := w.in(t)
		n++
		id := w.artifact(n, light.Way{})
		r := w.run(append([]string{"deploy", "--release-id", string(id), "--hosts", at, "--verbose", "1", knownSetting + known}, words...)...)
		w.red(0, r, "logged in as deploy")
		w.runs(id)
		return r
	}
	// looks does what needs no more than to be let in.
	looks := func(w *world, words ...string) command.Result {
		w.Helper()
		return w.run(append([]string{"releases", "--hosts", at, "--verbose", "1", knownSetting + known}, words...)...)
	}

	rsa := w.newKey("rsa", "", "") // it takes a second to make one
	for _, k := range []struct{ kind, format, passphrase, begins string }{
		{"ed25519", "", "", "OPENSSH"},
		{"ed25519", "", "open sesame", "OPENSSH"},
		{"ecdsa", "", "", "OPENSSH"},
		{"ecdsa", "PEM", "", "EC"},
		{"ecdsa", "PEM", "open sesame", "EC"},
		{"ecdsa", "PKCS8", "", ""},
		{"rsa", "", "open sesame", "OPENSSH"},
		{"rsa", "PEM", "", "RSA"},
		{"rsa", "PEM", "open sesame", "RSA"},
		{"rsa", "PKCS8", "", ""},
	} {
		t.Run(strings.Join([]string{k.kind, k.format, k.passphrase}, " "), func(t *testing.T) {
			w := w.in(t)
			key := ""
			if k.kind == "rsa" {
				key = w.file("key", w.read(rsa))
				w.must(os.WriteFile(key+".pub", []byte(w.read(rsa+".pub")), 0o600))
				w.tool("", append([]string{"ssh-keygen", "-q", "-p", "-P", "", "-N", k.passphrase, "-f", key}, inFormat(k.format)...)...)
			} else {
				key = w.newKey(k.kind, k.format, k.passphrase)
			}
			if begin := strings.Fields("-----BEGIN " + k.begins + " PRIVATE KEY-----"); !strings.HasPrefix(w.read(key), strings.Join(begin, " ")) {
				t.Fatalf("ssh-keygen made another format: %.40s", w.read(key))
			}
			w.admit(key)
			r := looks(w, keySetting+key, "SLIPWAY_SSH_PASSPHRASE="+k.passphrase)
			w.red(0, r, "logged in as deploy", "its host key is", "the host key is accepted by line", "key exchange ", "offers publickey", "the server accepts")
			w.noSecret(r, key, k.passphrase)
			if k.passphrase != "" && k.kind == "ed25519" {
				r := looks(w, keySetting+key)
				w.red(2, r, "passphrase")
				w.noSecret(r, key)
				r = looks(w, keySetting+key, "SLIPWAY_SSH_PASSPHRASE=wrong one")
				w.red(2, r, "ssh-passphrase: it does not open the key")
				w.noSecret(r, key, "wrong one")
			}
		})
	}
	t.Run("ed25519 PKCS8", func(t *testing.T) {
		w := w.in(t)
		public, private, err := ed25519.GenerateKey(nil)
		w.must(err)
		data, err := x509.MarshalPKCS8PrivateKey(private)
		w.must(err)
		key := w.file("key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data})))
		line, err := ssh.NewPublicKey(public)
		w.must(err)
		w.must(os.WriteFile(key+".pub", ssh.MarshalAuthorizedKey(line), 0o600))
		w.admit(key)
		r := looks(w, keySetting, "SLIPWAY_SSH_KEY="+w.read(key))
		w.red(0, r, "logged in as deploy")
		w.noSecret(r, key)
	})
	t.Run("PKCS8 with a passphrase", func(t *testing.T) {
		w := w.in(t)
		key := w.newKey("ecdsa", "PKCS8", "open sesame")
		w.red(2, looks(w, keySetting+key, "SLIPWAY_SSH_PASSPHRASE=open sesame"), "convert a copy of it with ssh-keygen -p")
		w.tool("", "ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "open sesame", "-f", key) // as it says
		w.admit(key)
		w.red(0, looks(w, keySetting+key, "SLIPWAY_SSH_PASSPHRASE=open sesame"), "logged in as deploy")
	})
	t.Run("line ends of Windows", func(t *testing.T) {
		w := w.in(t)
		crlf := func(path string) string { return strings.ReplaceAll(w.read(path), "\n", "\r\n") }
		key := w.file("key", crlf(w.lab.DeployKeyPath()))
		w.red(0, looks(w, keySetting+key, knownSetting+w.file("known_hosts", crlf(known))), "logged in as deploy")
	})
	t.Run("a key that nobody let in", func(t *testing.T) {
		w := w.in(t)
		r := looks(w, keySetting+w.newKey("ed25519", "", ""))
		w.red(1, r, "deploy is not let in with this key", "authorized_keys")
	})
	t.Run("another user", func(t *testing.T) {
		w := w.in(t)
		w.red(0, looks(w, "--hosts", "root@"+at), "logged in as root")
	})
	t.Run("a user's certificate", func(t *testing.T) {
		w := w.in(t)
		key := w.newKey("ed25519", "", "")
		w.red(1, looks(w, keySetting+key), "is not let in")
		w.tool("", "ssh-keygen", "-q", "-s", userCA, "-I", "somebody", "-n", "root", key+".pub")
		certificate := "SLIPWAY_SSH_CERTIFICATE_FILE=" + key + "-cert.pub"
		w.red(1, looks(w, keySetting+key, certificate), "deploy must be among its principals (root)")
		w.tool("", "ssh-keygen", "-q", "-s", userCA, "-I", "somebody", "-n", "deploy", key+".pub")
		w.noSecret(deploys(t, keySetting+key, certificate), key)

		t.Run("of a key in the agent", func(t *testing.T) {
			w := w.in(t)
			socket := w.agent(w.newKey("ed25519", "", ""), key)
			w.red(0, looks(w, keySetting, certificate, "SSH_AUTH_SOCK="+socket), "logged in as deploy")
		})
	})
	t.Run("an agent", func(t *testing.T) {
		w := w.in(t)
		key := w.newKey("ecdsa", "", "")
		w.admit(key)
		socket := w.agent(w.newKey("ed25519", "", ""), key)
		w.noSecret(deploys(t, keySetting, "SSH_AUTH_SOCK="+socket), key)
		w.red(1, looks(w, keySetting, "SSH_AUTH_SOCK="+w.agent(w.newKey("ed25519", "", ""))), "is not let in with any of the 1 keys in the SSH agent")
	})
	t.Run("hashed names", func(t *testing.T) {
		w := w.in(t)
		hashed := w.file("known_hosts", w.read(known))
		w.tool("", "ssh-keygen", "-H", "-f", hashed)
		if text := w.read(hashed); strings.Contains(text, addr) || !strings.Contains(text, "|1|") {
			t.Fatalf("no hashed names:\n%s", text)
		}
		w.red(0, looks(w, knownSetting+hashed), "logged in as deploy")
	})
	t.Run("the port counts", func(t *testing.T) {
		w := w.in(t)
		other := w.file("known_hosts", w.hostKeys("web1", "["+addr+"]:"+door)+w.hostKeys("web4", addr))
		w.red(1, looks(w, knownSetting+other), "its host key has changed", "["+addr+"]:"+door+" ssh-")
		r := looks(w, knownSetting+w.file("known_hosts", w.hostKeys("web4", addr)))
		w.red(1, r, "is not in known-hosts")
		var line string // to add
		for l := range strings.Lines(r.Stderr) {
			if at := strings.Index(l, "["+addr+"]:"+door+" ssh-ed25519 "); at >= 0 {
				line = l[at:]
			}
		}
		w.red(0, looks(w, knownSetting+w.file("known_hosts", line)), "logged in as deploy")
	})
	t.Run("a host's certificate", func(t *testing.T) {
		w := w.in(t)
		deploys(t, knownSetting+w.file("known_hosts", "@cert-authority ["+addr+"]:"+door+" "+w.read(hostCA+".pub")))
		everywhere := w.file("known_hosts", "@cert-authority * "+w.read(hostCA+".pub"))
		w.red(0, looks(w, knownSetting+everywhere), "accepted by line 1 of known-hosts")
		wrong := w.file("known_hosts", "@cert-authority * "+w.read(userCA+".pub"))
		w.red(1, looks(w, knownSetting+wrong), "which no @cert-authority line in known-hosts declares for it")
	})
	t.Run("IPv6", func(t *testing.T) {
		w := w.in(t)
		v6 := w.giveIPv6()
		deploys(t, "--hosts", "["+v6+"]:"+door, knownSetting+w.file("known_hosts", w.hostKeys("web4", "["+v6+"]:"+door)))
		w.red(0, looks(w, "--hosts", "["+v6+"]", knownSetting+w.file("known_hosts", w.hostKeys("web4", v6))), "connected to ["+v6+"]:22")
	})
}

// agent starts an agent that holds keys; certificates beside them are not
// loaded.
func (w *world) agent(keys ...string) (socket string) {
	w.Helper()
	dir, err := os.MkdirTemp("", "agent-") // a socket's path has to be short
	w.must(err)
	socket = filepath.Join(dir, "s")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	w.must(agent.Start())
	w.Cleanup(func() {
		w.must(agent.Process.Kill())
		agent.Wait()
		os.RemoveAll(dir)
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			break
		} else if time.Now().After(deadline) {
			w.Fatal(err)
		}
	}
	for _, key := range keys {
		add := exec.CommandContext(w.Context(), "ssh-add", "-q", "-")
		add.Env, add.Stdin = append(os.Environ(), "SSH_AUTH_SOCK="+socket), strings.NewReader(w.read(key))
		if out, err := add.CombinedOutput(); err != nil {
			w.Fatalf("ssh-add: %v: %s", err, out)
		}
	}
	return socket
}

// giveIPv6 gives host and machine addresses of a prefix of their own, which go
// when the lab does. It returns the host's.
func (w *world) giveIPv6() string {
	w.Helper()
	four := netip.MustParseAddr(w.host.Addr).As4()
	prefix := fmt.Sprintf("fd00:%d:%d::", four[1], four[2])
	w.root("ip -6 addr replace " + prefix + "14/64 dev host0 nodad")
	links, err := net.Interfaces()
	w.must(err)
	for _, link := range links {
		addrs, err := link.Addrs()
		w.must(err)
		for _, a := range addrs {
			if ip, ok := a.(*net.IPNet); ok && ip.Contains(net.ParseIP(w.host.Addr)) && !bytes.Equal(ip.Mask, net.CIDRMask(0, 32)) {
				w.tool("", "ip", "-6", "addr", "replace", prefix+"1/64", "dev", link.Name, "nodad")
				return prefix + "14"
			}
		}
	}
	w.Fatal("this machine has no interface in the lab's network")
	return ""
}

// Hosts that only the last of several jump hosts reaches, by names that only
// that one knows.
func TestJumpHosts(t *testing.T) {
	w := newWorld(t, "web4")
	web1, web2 := w.lab.Host("web1"), w.lab.Host("web2")
	openDoor(t, w.host)
	w.root(fmt.Sprintf(`nft -f - <<'NFT'
table inet door {
	chain input {
		type filter hook input priority 0;
		tcp dport %s ip saddr != %s reject with tcp reset
	}
}
NFT`, door, web2.Addr))
	t.Cleanup(func() {
		if _, err := w.host.Run(context.Background(), nil, "nft", "delete", "table", "inet", "door"); err != nil {
			t.Error(err)
		}
	})
	target := "web4:" + door
	known := w.hostKeys("web1", web1.Addr) + w.hostKeys("web2", "web2") + w.hostKeys("web4", "[web4]:"+door) + w.hostKeys("web4", "["+w.host.Addr+"]:"+door)
	id := w.artifact(1, light.Way{})
	try := func(known string, words ...string) command.Result {
		t.Helper()
		return w.run(append([]string{"deploy", "--release-id", string(id), "--verbose", "1", knownSetting + w.file("known_hosts", known)}, words...)...)
	}
	before := w.state()

	w.red(1, try(known, "--hosts", w.host.Addr+":"+door), "nothing listens on "+w.host.Addr+":"+door)
	w.red(1, try(known, "--hosts", target, "--jump-hosts", web1.Addr), "jump host "+web1.Addr+": cannot connect from there to "+target)
	wrong := strings.ReplaceAll(known, w.hostKeys("web2", "web2"), w.hostKeys("web4", "web2"))
	r := try(wrong, "--hosts", target, "--jump-hosts", web1.Addr+",web2")
	w.red(1, r, "jump host web2: its host key has changed", "nothing was sent")
	if strings.Contains(r.Stderr, "jump host web2: offers publickey") {
		t.Error("a key was offered to a host that is not the right one")
	}
	openDoor(t, web2, "AllowTcpForwarding=no")
	forbidding := known + w.hostKeys("web2", "[web2]:"+door)
	w.red(1, try(forbidding, "--hosts", target, "--jump-hosts", web1.Addr+" web2:"+door),
		"jump host web2:"+door+": its sshd forbids TCP forwarding to "+target, "set 'AllowTcpForwarding yes' there")
	if after := w.state(); after != before {
		t.Errorf("runs that could not connect changed the host:\n%s\n--\n%s", before, after)
	}

	r = try(known, "--hosts", target, "--jump-hosts", web1.Addr+",web2")
	w.red(0, r, "jump host "+web1.Addr+": logged in as deploy",
		"jump host web2: connects to web2:22 through jump host "+web1.Addr, target+": connects to "+target+" through jump host web2")
	w.noSecret(r, w.lab.DeployKeyPath())
	w.runs(id)
	w.ok("rollback", "--release-id", string(id), "--hosts", target, "--jump-hosts", web1.Addr+",web2", knownSetting+w.file("known_hosts", known))
}
