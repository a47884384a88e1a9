package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// A Lab is a running set of hosts.
type Lab struct {
	number number
	hosts  []*Host
	record record

	lock     *os.File  // nil in a process that did not start the lab
	keys     labKeys   // empty in a process that did not start the lab
	place    string    // of the saved state that belongs to Options.Saved; empty without one
	saved    *savedLab // nil if the hosts boot as they were installed
	machines sync.WaitGroup
	files    *fileServer // nil in a process that did not start the lab, and until there is a network
	stop     func() error

	mu       sync.Mutex
	stopped  bool
	failures map[*Host]error // why a host is not running any more
}

// Start boots a lab and returns when all its hosts are ready. It first installs the programs and builds the base images
// that are missing, and removes labs whose process was killed. Whatever it fails at, it leaves nothing behind.
//
// Start does not handle signals: whoever calls it ends ctx or calls Stop.
func Start(ctx context.Context, opts Options) (*Lab, error) {
	l, err := start(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("start a lab: %w", err)
	}
	return l, nil
}

func start(ctx context.Context, opts Options) (*Lab, error) {
	names, err := opts.hostNames()
	if err != nil {
		return nil, err
	}
	m, err := thisMachine()
	if err != nil {
		return nil, err
	}
	log := logger(opts.Log)
	if err := InstallTools(ctx, log); err != nil {
		return nil, err
	}
	if err := allowManyHosts(); err != nil {
		return nil, err
	}
	if err := ensureImages(ctx, m, imagesFor(opts, names), log); err != nil {
		return nil, err
	}
	if err := Sweep(ctx); err != nil {
		return nil, err
	}
	l, err := claim(ctx, record{PID: os.Getpid(), ByHand: opts.ByHand, Hosts: names, Suites: opts.Suites, Packages: opts.Packages})
	if err != nil {
		return nil, err
	}
	err = l.openSaved(ctx, m, opts.Saved)
	if err == nil {
		err = l.boot(ctx, m)
	}
	if err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

func logger(w io.Writer) func(string, ...any) {
	if w == nil {
		w = io.Discard
	}
	return func(format string, args ...any) { fmt.Fprintf(w, "lab: "+format+"\n", args...) }
}

func imagesFor(opts Options, names []string) []image {
	var images []image
	for _, name := range names {
		i := imageFor(name, opts.Suites[name]).with(opts.Packages)
		if !slices.ContainsFunc(images, func(other image) bool { return other.name == i.name }) {
			images = append(images, i)
		}
	}
	return images
}

// claim takes a number and writes the lab's record; nothing runs yet.
func claim(ctx context.Context, r record) (*Lab, error) {
	n, lock, err := claimNumber()
	if err != nil {
		return nil, err
	}
	l, err := newLab(n, r)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	l.lock = lock
	l.stop = sync.OnceValue(l.end)
	// The number's last owner may have been killed since Start swept.
	err = remove(ctx, n)
	if err == nil {
		err = errors.Join(os.MkdirAll(l.Dir(), 0o755), writeRecord(n, l.record))
	}
	if err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

func newLab(n number, r record) (*Lab, error) {
	l := &Lab{number: n, record: r, failures: map[*Host]error{}}
	for _, name := range r.Hosts {
		last, err := octet(name)
		if err != nil {
			return nil, err
		}
		l.hosts = append(l.hosts, &Host{Name: name, Addr: n.address(last), Addr6: n.address6(last), lab: l, image: imageFor(name, r.Suites[name]).with(r.Packages)})
	}
	return l, nil
}

// openSaved looks for what was saved under a name, and takes it.
func (l *Lab) openSaved(ctx context.Context, m machine, named func() (string, error)) error {
	if err := os.MkdirAll(l.KeptDir(), 0o700); err != nil || named == nil {
		return err
	}
	name, err := named()
	if err != nil {
		return err
	}
	l.place = savedPath(m, name, l.hosts)
	if l.saved, err = openSaved(l.place); err != nil || l.saved == nil {
		return err
	}
	// With the modes: private keys are kept too, and ssh takes none that others may read.
	return copyTree(ctx, filepath.Join(l.saved.dir, "kept"), l.KeptDir())
}

// boot boots all hosts at the same time.
func (l *Lab) boot(ctx context.Context, m machine) error {
	if err := buildSwitch(ctx, l.number); err != nil {
		return err
	}
	var err error
	if l.files, err = newFileServer(l.number.address(1)); err != nil {
		return err
	}
	f, err := l.newFurniture(ctx)
	if err != nil {
		return err
	}
	if f.sources, err = l.offerPackages(m); err != nil {
		return err
	}
	err = forEach(ctx, l.hosts, func(ctx context.Context, h *Host) error {
		return h.boot(ctx, h.image.root(m), f)
	})
	if err != nil {
		return err
	}
	l.record.Ready = true
	return writeRecord(l.number, l.record)
}

// newFurniture makes all keys, or takes those that were saved, and writes those that the lab's owner needs.
func (l *Lab) newFurniture(ctx context.Context) (furniture, error) {
	var err error
	if l.saved != nil {
		l.keys, err = l.saved.keys()
	} else {
		l.keys, err = newLabKeys(ctx, l.hosts)
	}
	f := furniture{labKeys: l.keys, hosts: etcHosts(l.hosts)}
	if err != nil {
		return f, err
	}
	return f, errors.Join(
		f.Admin.save(l.AdminKeyPath()),
		f.Deploy.save(l.DeployKeyPath()),
		os.WriteFile(l.KnownHostsPath(), []byte(f.knownHosts(l.hosts)), 0o644))
}

// Stop ends all hosts at once, as a power cut would, and removes everything that the lab made. It may be called more
// than once, also while another call is under way.
func (l *Lab) Stop() error {
	if l.lock == nil {
		return fmt.Errorf("stop lab %d: it belongs to process %d", l.number, l.record.PID)
	}
	return l.stop()
}

// stopTimeout bounds the clean-up, which must also happen when the context of Start has ended.
const stopTimeout = 60 * time.Second

func (l *Lab) end() error {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	// Killed first and waited for: no host can start again while its network is being removed.
	err := errors.Join(l.files.close(), removeCgroups(ctx, l.number))
	if err == nil {
		l.machines.Wait()
		err = remove(ctx, l.number)
	}
	return errors.Join(err, l.saved.close(), l.lock.Close())
}

func (l *Lab) stopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

func (l *Lab) setBootFailure(h *Host, err error) {
	console, readErr := os.ReadFile(h.ConsolePath())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures[h] = fmt.Errorf("%s is not running any more: %w; its console:\n%s",
		h.Name, errors.Join(err, readErr), tail(string(console), 20))
}

func (l *Lab) bootFailure(h *Host) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures[h]
}

// Dir is the lab's own directory on this machine.
func (l *Lab) Dir() string { return l.number.dir() }

// AdminKeyPath is the private key that root accepts on every host, and the git host's git user.
func (l *Lab) AdminKeyPath() string { return filepath.Join(l.Dir(), "admin_key") }

// DeployKeyPath is the private key that the deploy user accepts on the build host and on web hosts.
func (l *Lab) DeployKeyPath() string { return filepath.Join(l.Dir(), "deploy_key") }

// KnownHostsPath is a known_hosts file with all keys of all hosts, by addresses and by name.
func (l *Lab) KnownHostsPath() string { return filepath.Join(l.Dir(), "known_hosts") }

// Hosts are all hosts of the lab.
func (l *Lab) Hosts() []*Host { return slices.Clone(l.hosts) }

// WebHosts are the hosts web1 to webN.
func (l *Lab) WebHosts() []*Host {
	return slices.DeleteFunc(l.Hosts(), func(h *Host) bool { return !isWeb(h.Name) })
}

// Host is the host of that name. It panics if the lab has none: the name stands in the source of the caller.
func (l *Lab) Host(name string) *Host {
	for _, h := range l.hosts {
		if h.Name == name {
			return h
		}
	}
	panic(fmt.Sprintf("lab: no host %q in this lab, only %v: see Options.Hosts", name, l.record.Hosts))
}
