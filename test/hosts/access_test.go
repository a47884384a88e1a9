package hosts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/world"
)

const keySetting, knownSetting = "SLIPWAY_SSH_KEY_FILE=", "SLIPWAY_KNOWN_HOSTS_FILE="

// keyForm is a kind of key in a format; the file begins with BEGIN and begins.
type keyForm struct{ kind, format, passphrase, begins string }

// keyForms are one of each kind; "make full" adds the other combinations, and
// package remote tries them against an sshd of its own.
var keyForms = []keyForm{
	{"ed25519", "", "open sesame", "OPENSSH"},
	{"ecdsa", "PEM", "", "EC"},
	{"rsa", "PKCS8", "", ""},
}

// Whatever a person or a workflow has of keys, certificates and agents, a real
// sshd lets them in, and no log has any of it.
func TestLoggingIn(t *testing.T) {
	d := newDoor(t)
	for _, k := range keyForms {
		d.sub(strings.Join([]string{k.kind, k.format, k.passphrase}, " "), func(d *door) { d.letsIn(k) })
	}
	d.sub("a user's certificate", func(d *door) {
		key := d.newKey("ed25519", "", "")
		d.Red(1, d.looks(keySetting+key), "deploy is not let in with this key", "authorized_keys")
		d.Tool("ssh-keygen", "-q", "-s", d.userCA, "-I", "somebody", "-n", "root", key+".pub")
		certificate := "SLIPWAY_SSH_CERTIFICATE_FILE=" + key + "-cert.pub"
		d.Red(1, d.looks(keySetting+key, certificate), "deploy must be among its principals (root)")
		d.Tool("ssh-keygen", "-q", "-s", d.userCA, "-I", "somebody", "-n", "deploy", key+".pub")
		d.noSecret(d.deploys(keySetting+key, certificate), key)
		socket := d.agent(d.newKey("ed25519", "", ""), key)
		d.Red(0, d.looks(keySetting, certificate, "SSH_AUTH_SOCK="+socket), "logged in as deploy")
	})
	d.sub("an agent", func(d *door) {
		key := d.newKey("ecdsa", "", "")
		d.admit(key)
		r := d.looks(keySetting, "SSH_AUTH_SOCK="+d.agent(d.newKey("ed25519", "", ""), key))
		d.Red(0, r, "logged in as deploy")
		d.noSecret(r, key)
	})
}

// letsIn checks that a key opens the door.
func (d *door) letsIn(k keyForm) {
	d.Helper()
	key := d.newKey(k.kind, k.format, k.passphrase)
	if begin := strings.Fields("-----BEGIN " + k.begins + " PRIVATE KEY-----"); !strings.HasPrefix(d.Read(key), strings.Join(begin, " ")) {
		d.Fatalf("ssh-keygen made another format: %.40s", d.Read(key))
	}
	d.admit(key)
	r := d.looks(keySetting+key, "SLIPWAY_SSH_PASSPHRASE="+k.passphrase)
	d.Red(0, r, "logged in as deploy", "its host key is", "the host key is accepted by line", "key exchange ", "offers publickey", "the server accepts")
	d.noSecret(r, key, k.passphrase)
}

// A host that is not the declared one is sent nothing.
func TestTheHostKeyIsTheDeclaredOne(t *testing.T) {
	d := newDoor(t)
	id, addr := d.good(), d.host.Addr
	before := d.State()
	try := func(known string) command.Result {
		return d.Slipway(world.DeployOf(id, "--hosts", d.at, "--verbose", "1", knownSetting+d.File(known))...)
	}
	undeclared := try(d.hostKeys(d.host.Name, addr)) // the port counts
	d.Red(1, undeclared, "is not in known-hosts; nothing was sent", "add this line:\n", "nothing was switched on any host")
	changed := try(d.hostKeys(firstJump, "["+addr+"]:"+doorPort))
	d.Red(1, changed, "its host key has changed, or someone is intercepting the connection; nothing was sent", "replace its line in known-hosts with:\n")
	for _, r := range []command.Result{undeclared, changed} {
		d.silent(r, "offers publickey")
	}
	d.Same(before)

	// The line to add is one that lets the run connect.
	_, line, _ := strings.Cut(undeclared.Stderr, "["+addr+"]:"+doorPort+" ssh-ed25519 ")
	line, _, _ = strings.Cut(line, "\n")
	d.Red(0, d.looks(knownSetting+d.File("["+addr+"]:"+doorPort+" ssh-ed25519 "+line)), "logged in as deploy")
	d.deploys(knownSetting + d.File("@cert-authority ["+addr+"]:"+doorPort+" "+d.Read(d.hostCA+".pub")))
}

// Hosts that only the last of several jump hosts reaches, by names that only
// that one knows.
func TestJumpHosts(t *testing.T) {
	w := newWorld(t)
	first, second := w.Lab.Host(firstJump), w.Lab.Host(secondJump)
	w.openDoor(w.host)
	w.root(fmt.Sprintf(`nft 'add table inet door; add chain inet door input { type filter hook input priority 0; }
		add rule inet door input tcp dport %s ip saddr != %s reject with tcp reset'`, doorPort, second.Addr))
	w.cleanup("nft delete table inet door")
	target := w.host.Name + ":" + doorPort
	known := w.hostKeys(firstJump, first.Addr) + w.hostKeys(secondJump, secondJump) +
		w.hostKeys(w.host.Name, "["+w.host.Name+"]:"+doorPort) + w.hostKeys(w.host.Name, "["+w.host.Addr+"]:"+doorPort)
	id := w.good()
	try := func(known string, words ...string) command.Result {
		t.Helper()
		return w.Slipway(world.DeployOf(id, append([]string{"--verbose", "1", knownSetting + w.File(known)}, words...)...)...)
	}
	before := w.State()
	w.Red(1, try(known, "--hosts", w.host.Addr+":"+doorPort), "nothing listens on "+w.host.Addr+":"+doorPort)
	wrong := strings.ReplaceAll(known, w.hostKeys(secondJump, secondJump), w.hostKeys(firstJump, secondJump))
	r := try(wrong, "--hosts", target, "--jump-hosts", first.Addr+","+secondJump)
	w.Red(1, r, "jump host "+secondJump+": its host key has changed", "nothing was sent")
	w.silent(r, "jump host "+secondJump+": offers publickey")
	w.Same(before)

	r = try(known, "--hosts", target, "--jump-hosts", first.Addr+","+secondJump)
	w.Red(0, r, "jump host "+first.Addr+": logged in as deploy",
		"jump host "+secondJump+": connects to "+secondJump+":22 through jump host "+first.Addr, target+": connects to "+target+" through jump host "+secondJump)
	w.noSecret(r, w.Lab.DeployKeyPath())
	w.runs(id)
}
