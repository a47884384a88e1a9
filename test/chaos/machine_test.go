package chaos

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/apxr/slipway/test/lab"
)

//go:embed host/*.sh
var programs embed.FS

// machine is a web host that faults can be tried on.
type machine struct {
	*lab.Host
	lab   *lab.Lab
	admin *ssh.Client // root, beside all that is broken

	mu   sync.Mutex
	ring func(line string) (answer string) // what its shell tells; nil: everything may go on
}

// furnish makes a host such a machine. Address and port are the harness's.
func furnish(ctx context.Context, l *lab.Lab, h *lab.Host, address string) (*machine, error) {
	m := &machine{Host: h, lab: l}
	if err := m.login(); err != nil {
		return nil, err
	}
	// Applications have a file system of their own, which can be filled.
	_, err := m.root("mkdir -p /opt/apxr && mount -t tmpfs -o size=512m,nr_inodes=60000,mode=0755 chaos /opt/apxr")
	if err != nil {
		return nil, err
	}
	for _, k := range []*kind{light, beam} {
		if err := l.PrepareApp(ctx, lab.App{Org: k.app.Org, Name: k.app.Name, Port: k.port}, h); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"shell", "shim", "clock", "start"} {
		text, err := programs.ReadFile("host/" + name + ".sh")
		path := filepath.Join(h.Root(), "usr/local/lib/chaos", name+".sh")
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o755)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := m.script("furnish", light.unit()+"="+light.base(), beam.unit()+"="+beam.base()); err != nil {
		return nil, err
	}
	_, err = m.root("echo " + address + " >/var/lib/chaos/harness")
	return m, err
}

func (m *machine) login() error {
	pem, err := os.ReadFile(m.lab.AdminKeyPath())
	if err != nil {
		return err
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return err
	}
	m.admin, err = ssh.Dial("tcp", m.Addr+":22", &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, Timeout: 20 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), // a host of our own lab
	})
	return err
}

// root runs commands as root.
func (m *machine) root(text string, args ...string) (string, error) {
	session, err := m.admin.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	var out, errs bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(text), &out, &errs
	// The words of the arguments are the harness's own.
	err = session.Run(strings.Join(append([]string{"sh -s --"}, args...), " "))
	if err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", m.Name, err, errs.String())
	}
	return out.String(), nil
}

// script runs one of host/*.sh as root.
func (m *machine) script(name string, args ...string) (string, error) {
	text, err := programs.ReadFile("host/" + name + ".sh")
	if err != nil {
		return "", err
	}
	// As one command: what it runs must not read the rest of it.
	return m.root("{ "+string(text)+"\n}", args...)
}

func (m *machine) restore(k *kind, snapshot string) error {
	_, err := m.script("restore", k.base(), k.unit(), k.health(), snapshot)
	return err
}

// snapshot keeps the state of an application.
func (m *machine) snapshot(k *kind, name string) error {
	_, err := m.root("rm -rf /var/lib/chaos/snapshots/" + name + " && cp -a " + k.base() + " /var/lib/chaos/snapshots/" + name)
	return err
}

// answered has the machine's shell ask ring; nil: it is not asked any more.
func (m *machine) answered(ring func(line string) string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ring = ring
}

func (m *machine) answer(line string) string {
	m.mu.Lock()
	ring := m.ring
	m.mu.Unlock()
	if ring == nil {
		return "go -"
	}
	return ring(line)
}
