//go:build full

package hosts

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/apxr/slipway/test/world"
)

func init() {
	keyForms = append(keyForms,
		keyForm{"ed25519", "", "", "OPENSSH"},
		keyForm{"ecdsa", "", "", "OPENSSH"},
		keyForm{"ecdsa", "PEM", "open sesame", "EC"},
		keyForm{"ecdsa", "PKCS8", "", ""},
		keyForm{"rsa", "", "open sesame", "OPENSSH"},
		keyForm{"rsa", "PEM", "", "RSA"},
		keyForm{"rsa", "PEM", "open sesame", "RSA"},
	)
}

func TestKeysThatComeInOtherForms(t *testing.T) {
	d := newDoor(t)
	d.sub("a wrong passphrase", func(d *door) {
		key := d.newKey("ed25519", "", "open sesame")
		r := d.looks(keySetting + key)
		d.Red(2, r, "passphrase")
		d.noSecret(r, key)
		r = d.looks(keySetting+key, "SLIPWAY_SSH_PASSPHRASE=wrong one")
		d.Red(2, r, "ssh-passphrase: it does not open the key")
		d.noSecret(r, key, "wrong one")
	})
	d.sub("ed25519 PKCS8", func(d *door) {
		key := d.keyInPKCS8()
		d.admit(key)
		r := d.looks(keySetting, "SLIPWAY_SSH_KEY="+d.Read(key))
		d.Red(0, r, "logged in as deploy")
		d.noSecret(r, key)
	})
	d.sub("PKCS8 with a passphrase", func(d *door) {
		key := d.newKey("ecdsa", "PKCS8", "open sesame")
		d.Red(2, d.looks(keySetting+key, "SLIPWAY_SSH_PASSPHRASE=open sesame"), "convert a copy of it with ssh-keygen -p")
		d.Tool("ssh-keygen", "-q", "-p", "-P", "open sesame", "-N", "open sesame", "-f", key) // as it says
		d.admit(key)
		d.Red(0, d.looks(keySetting+key, "SLIPWAY_SSH_PASSPHRASE=open sesame"), "logged in as deploy")
	})
	d.sub("line ends of Windows", func(d *door) {
		crlf := func(path string) string { return d.File(strings.ReplaceAll(d.Read(path), "\n", "\r\n")) }
		d.Red(0, d.looks(keySetting+crlf(d.Lab.DeployKeyPath()), knownSetting+crlf(d.known)), "logged in as deploy")
	})
	d.sub("another user", func(d *door) {
		d.Red(0, d.looks("--hosts", "root@"+d.at), "logged in as root")
	})
	d.sub("an agent", func(d *door) {
		key := d.newKey("ecdsa", "", "")
		d.admit(key)
		d.noSecret(d.deploys(keySetting, "SSH_AUTH_SOCK="+d.agent(key)), key)
		d.Red(1, d.looks(keySetting, "SSH_AUTH_SOCK="+d.agent(d.newKey("ed25519", "", ""))), "is not let in with any of the 1 keys in the SSH agent")
	})
}

// keyInPKCS8 makes a key in a format that ssh-keygen does not write for its kind.
func (d *door) keyInPKCS8() string {
	d.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	d.Must(err)
	data, err := x509.MarshalPKCS8PrivateKey(private)
	d.Must(err)
	key := d.File(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data})))
	line, err := ssh.NewPublicKey(public)
	d.Must(err)
	d.Must(os.WriteFile(key+".pub", ssh.MarshalAuthorizedKey(line), 0o600))
	return key
}

func TestHostKeysThatComeInOtherForms(t *testing.T) {
	d := newDoor(t)
	addr := d.host.Addr
	d.sub("hashed names", func(d *door) {
		hashed := d.File(d.Read(d.known))
		d.Tool("ssh-keygen", "-H", "-f", hashed)
		if text := d.Read(hashed); strings.Contains(text, addr) || !strings.Contains(text, "|1|") {
			d.Fatalf("no hashed names:\n%s", text)
		}
		d.Red(0, d.looks(knownSetting+hashed), "logged in as deploy")
	})
	d.sub("a host's certificate", func(d *door) {
		d.Red(0, d.looks(knownSetting+d.File("@cert-authority * "+d.Read(d.hostCA+".pub"))), "accepted by line 1 of known-hosts")
		d.Red(1, d.looks(knownSetting+d.File("@cert-authority * "+d.Read(d.userCA+".pub"))), "which no @cert-authority line in known-hosts declares for it")
	})
	d.sub("IPv6", func(d *door) {
		v6 := d.host.Addr6
		d.deploys("--hosts", "["+v6+"]:"+doorPort, knownSetting+d.File(d.hostKeys(d.host.Name, "["+v6+"]:"+doorPort)))
		d.Red(0, d.looks("--hosts", "["+v6+"]", knownSetting+d.File(d.hostKeys(d.host.Name, v6))), "connected to ["+v6+"]:22")
	})
}

func TestJumpHostsThatDoNotLetThrough(t *testing.T) {
	w := newWorld(t)
	first, second := w.Lab.Host(firstJump), w.Lab.Host(secondJump)
	w.openDoor(second, "AllowTcpForwarding=no")
	id, target := w.good(), w.host.Name+":22"
	known := w.File(w.hostKeys(firstJump, first.Addr) + w.hostKeys(secondJump, "["+secondJump+"]:"+doorPort) + w.hostKeys(w.host.Name, w.host.Name))
	try := func(words ...string) []string {
		return world.DeployOf(id, append(words, "--hosts", target, knownSetting+known)...)
	}
	before := w.State()
	w.Red(1, w.Slipway(try("--jump-hosts", first.Addr+" "+secondJump+":"+doorPort)...),
		"jump host "+secondJump+":"+doorPort+": its sshd forbids TCP forwarding to "+target, "set 'AllowTcpForwarding yes' there")
	w.Same(before)
	w.OK(try("--jump-hosts", first.Addr)...)
	w.OK("rollback", "--release-id", string(id), "--hosts", target, "--jump-hosts", first.Addr, knownSetting+known)
}
