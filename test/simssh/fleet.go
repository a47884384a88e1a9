package simssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// Fleet is a number of hosts that let one key in.
type Fleet struct {
	Hosts []*Host

	dir    string
	booted []*Host // Hosts, and those apart
	key    ssh.Signer
	known  strings.Builder
}

// Available says why no fleet can run on this machine, if so.
func Available() error {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return errors.New("simulated hosts need Linux and root, for namespaces")
	}
	if _, err := os.Stat(sftpServer); err != nil {
		return fmt.Errorf("simulated hosts need openssh-sftp-server: %w", err)
	}
	return nil
}

// New makes a fleet without hosts, which keeps its files in dir.
func New(dir string) (*Fleet, error) {
	key, private, err := newKey()
	if err != nil {
		return nil, err
	}
	// The runtime tries once what this kernel can do for its children, by one. It
	// must not be the first process of a host.
	if err := exec.Command("/bin/true").Run(); err != nil {
		return nil, err
	}
	f := &Fleet{dir: dir, key: key}
	return f, errors.Join(os.WriteFile(f.KeyPath(), private, 0o600), writeStandIns(f.standIns()))
}

func (f *Fleet) standIns() string { return filepath.Join(f.dir, "bin") }

// KeyPath is the private key that every host lets in.
func (f *Fleet) KeyPath() string { return filepath.Join(f.dir, "key") }

// AuthorizedKey is its public half, for servers of other kinds.
func (f *Fleet) AuthorizedKey() []byte { return ssh.MarshalAuthorizedKey(f.key.PublicKey()) }

// KnownHosts is a line for each host.
func (f *Fleet) KnownHosts() string { return f.known.String() }

// Add boots n more hosts, several at a time.
func (f *Fleet) Add(n int, change ...func(*Host)) error {
	added, err := f.boot(n, change)
	f.Hosts = append(f.Hosts, added...)
	return err
}

// Apart boots a host that is none of Hosts, such as a build server. It is known
// and closed as they are.
func (f *Fleet) Apart(change ...func(*Host)) (*Host, error) {
	added, err := f.boot(1, change)
	return added[0], err
}

func (f *Fleet) boot(n int, change []func(*Host)) ([]*Host, error) {
	errs := make([]error, n)
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	from := len(f.booted)
	for i := range n {
		h := &Host{Addr: address(from + i), fleet: f, Home: "/opt/home"}
		for _, c := range change {
			c(h)
		}
		f.booted = append(f.booted, h)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = h.boot()
		})
	}
	all.Wait()
	added := f.booted[from:]
	for _, h := range added {
		f.known.WriteString(h.knownHost())
	}
	return added, errors.Join(errs...)
}

// address is that of the n-th host: 127.0.0.1 is everybody's.
func address(n int) string { return fmt.Sprintf("127.77.%d.%d", n/250, n%250+1) }

// Close ends the hosts and all that runs on them.
func (f *Fleet) Close() {
	for _, h := range f.booted {
		h.stop()
	}
}

// Names lists the hosts as the setting hosts has them.
func (f *Fleet) Names() string {
	var names []string
	for _, h := range f.Hosts {
		names = append(names, h.Name())
	}
	return strings.Join(names, ",")
}

func newKey() (ssh.Signer, []byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, nil, err
	}
	signer, err := ssh.NewSignerFromKey(key)
	return signer, pem.EncodeToMemory(block), err
}

// listen takes any port of an address of its own. Ports in use elsewhere are no
// matter: nobody else has the address.
func listen(addr string) (net.Listener, error) { return net.Listen("tcp", addr+":0") }

// used is the processor time that processes had.
func used(u *syscall.Rusage) int64 { return u.Utime.Nano() + u.Stime.Nano() }
