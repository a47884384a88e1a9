// Package host carries out the steps of a run for one application on one host:
// connect, lock, look, repair, stage, prepare, switch, prove, go back,
// conclude, prune.
//
// It does not know how the host is reached (a [Candidate] dials), where the
// release comes from (a [Source] streams it), whether there are other hosts, or
// who reads the result. Package rollout decides on the order of the steps, and
// on what a failure means for other hosts.
package host

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/apxr/slipway/internal/cause"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Conn is the connection that a host needs.
type Conn interface {
	script.Machine
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	// Lost reports whether the connection has ended.
	Lost() bool
	Close() error
}

// Candidate is a host that is not connected yet.
type Candidate struct {
	Name string
	Dial func(ctx context.Context) (Conn, error)
	// HasArtifact says that this is the build host, with the same user. It
	// copies the release from the artifact, and nothing is sent.
	HasArtifact bool
}

// Run has what all hosts of one run share.
type Run struct {
	Plan  Plan
	Verb  release.Verb
	Key   string // key of the changes that this run makes
	Began time.Time
	Log   *progress.Log
}

// Host is one application on one host, for one run. Its methods are called one
// at a time.
type Host struct {
	Candidate
	run   *Run
	conn  Conn
	shell *script.Shell // runs scripts over conn
	early *early        // a look that is under way before it is asked for

	lock    *script.Lock
	lockErr error // why there is no lock
	fenced  bool  // the host has refused a change, since this run lost the lock
	seen    Seen
	result  Result

	curl     bool           // curl on the host requests the health URL
	roots    *x509.CertPool // for an https health URL; nil: the system's certificates
	launcher bool           // this run has staged the release here, and the launcher is there
	met      bool           // what runs passed the checks, under this run's lock
	unmet    bool           // what ran before fails the checks of ports and health too

	switched  bool // a change has begun and is neither concluded nor undone
	refused   bool // the host has refused to begin it
	change    release.Change
	activated time.Time
	started   script.Started // the units' invocations before the change
	logs      unitLogs
}

// New returns a host that has not been looked at yet.
func New(c Candidate, run *Run) *Host {
	return &Host{Candidate: c, run: run, result: Result{Host: c.Name, Outcome: Untouched}}
}

// Name returns the host's name as in the settings.
func (h *Host) Name() string { return h.Candidate.Name }

// HasArtifact reports whether the host copies the release from its own disk.
func (h *Host) HasArtifact() bool { return h.Candidate.HasArtifact }

// Result returns the result of the host so far. The fleet adds the effects of
// other hosts.
func (h *Host) Result() *Result { return &h.result }

// Seen returns what the last look found, or zero before the first look.
func (h *Host) Seen() Seen { return h.seen }

// Switched reports whether a change has begun here that is neither concluded
// nor undone.
func (h *Host) Switched() bool { return h.switched }

func (h *Host) plan() *Plan { return &h.run.Plan }

// script returns the host's scripts. They log to the run's log.
func (h *Host) script() script.Host {
	s := script.Host{
		Machine: h.shell, Layout: h.plan().Layout, Fenced: h.fencedOff,
		Log: func() io.WriteCloser { return h.run.Log.Output(h.Name()) },
	}
	if h.lock != nil {
		s.Token = h.lock.Token
	}
	return s
}

// ofTheUser calls scripts that run commands of the user. If these fail, the error has the
// line in which they say why.
func (h *Host) ofTheUser(do func(script.Host) error) error {
	var found cause.Finder
	scripts := h.script()
	log := scripts.Log
	scripts.Log = func() io.WriteCloser {
		out := log()
		return struct {
			io.Writer
			io.Closer
		}{io.MultiWriter(out, &found), out}
	}
	return found.Explain(do(scripts))
}

func (h *Host) say(format string, args ...any) { h.run.Log.Say(h.Name(), format, args...) }

func (h *Host) notice(format string, args ...any) {
	h.run.Log.Notice(h.Name() + ": " + fmt.Sprintf(format, args...))
}

// fail notes why the host did not reach its target, and returns the reason.
func (h *Host) fail(o Outcome, err error) error {
	h.result.Fail(o, err)
	return err
}
