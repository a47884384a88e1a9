package hosttest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Machine is a simulated host. It outlives the runs that change it.
type Machine struct {
	Name        string
	HasArtifact bool
	Owner       string // owner of the application's directory
	Findings    error  // what would make every change fail; nil: nothing
	Small       bool   // there is no room for another release
	// Lie changes what a look at the host finds; nil: it finds the truth.
	Lie func(*host.Seen)
	// Bad has the releases that do not work here, with the reasons.
	Bad map[release.ID]string

	mu         sync.Mutex
	releases   []release.ID
	digests    map[release.ID]release.Digest // of releases that were staged
	envs       []string                      // keys of the environments
	current    release.Activation
	running    release.ID
	change     *release.Change
	history    release.History
	staged     string // the note about a staged release
	lock       chan struct{}
	holder     *Fake
	violations []string
}

// NewMachine returns a host without any deploys.
func NewMachine(name string) *Machine {
	return &Machine{Name: name, Owner: "deploy", lock: make(chan struct{}, 1), digests: map[release.ID]release.Digest{}}
}

// Replace gives a release that is on the machine other contents.
func (m *Machine) Replace(id release.ID, d release.Digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.digests[id] = d
}

// add adds a release. The caller has the mutex.
func (m *Machine) add(id release.ID, d release.Digest) {
	m.releases = append(m.releases, id)
	m.digests[id] = d
}

// digest returns the digest of a release, or "" if it is not there.
func (m *Machine) digest(id release.ID) release.Digest {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.releases, id) {
		return ""
	}
	return m.digests[id]
}

// State says what a machine has and runs.
type State struct {
	Current  release.Activation
	Running  release.ID
	Releases []release.ID
	Envs     []string
	History  release.History
	Change   *release.Change
	Locked   bool
}

// State returns what the machine has and runs.
func (m *Machine) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return State{
		m.current, m.running, slices.Clone(m.releases), slices.Clone(m.envs),
		slices.Clone(m.history), m.change, m.holder != nil,
	}
}

// Restore returns the machine to an earlier state, as from a backup, and forgets
// its violations.
func (m *Machine) Restore(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current, m.running, m.change = s.Current, s.Running, s.Change
	m.releases, m.envs, m.history = slices.Clone(s.Releases), slices.Clone(s.Envs), slices.Clone(s.History)
	m.violations = nil
}

// Violations returns the forbidden things that runs have done.
func (m *Machine) Violations() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.violations)
}

// heldBy returns the name under which a run already has the lock, or "".
func (m *Machine) heldBy(run *host.Run) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holder == nil || m.holder.run != run {
		return ""
	}
	return m.holder.Name()
}

// by lets a run change the machine, and records violations. A run that lost its
// lock while it stood still does not know that: the machine refuses its change.
func (m *Machine) by(f *Fake, what string, change func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holder != f {
		if f.frozen {
			f.result.After = m.current.ID
			return &script.Fenced{}
		}
		m.violate("%s without the lock", what)
	}
	change()
	if m.current.ID != "" && !slices.Contains(m.releases, m.current.ID) {
		m.violate("after %s current is %s, which is not there", what, m.current)
	}
	if m.current.Env != "" && !slices.Contains(m.envs, m.current.Env) {
		m.violate("after %s the environment of %s is not there", what, m.current)
	}
	return nil
}

func (m *Machine) violate(format string, args ...any) {
	m.violations = append(m.violations, fmt.Sprintf(format, args...))
}

// recentChanges is how many changes a look reads of a long history. It is less than
// on a real host, so that tests have long ones.
const recentChanges = 8

// recent returns the latest changes, or all if those do not suffice.
func (m *Machine) recent(q host.Question, keep int) (release.History, int) {
	words := q.About()
	for _, id := range m.releases {
		words = append(words, string(id))
	}
	latest, older := m.history.Latest(recentChanges, words)
	if q.Whole || older > 0 && !latest.Suffices(keep) {
		return slices.Clone(m.history), 0
	}
	return slices.Clone(latest), older
}

// seen returns the findings of a look at the machine.
func (m *Machine) seen(f *Fake, q host.Question) host.Seen {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s host.Seen
	s.Current, s.Releases, s.Activations = m.current, slices.Clone(m.releases), slices.Clone(m.envs)
	s.History, s.Older = m.recent(q, f.run.Plan.Keep)
	if m.digests[m.current.ID] != "" { // it has a manifest
		made, _ := s.History.Find(m.current.ID)
		s.CurrentDigest = made.Digest
	}
	s.Staged = m.staged
	if m.change != nil {
		record := *m.change
		s.Change = &record
	}
	s.Units = []script.Unit{{Name: "app.service", Active: "active", Running: m.running}}
	s.Directories = []script.Directory{{Path: f.run.Plan.Layout.Base, Owner: m.Owner}}
	if m.Lie != nil {
		m.Lie(&s)
	}
	return s
}
