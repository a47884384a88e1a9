package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/console"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/script"
	"golang.org/x/crypto/ssh/agent"
)

// dialer connects to the servers that the settings name.
type dialer struct {
	ssh       *remote.Dialer // nil if the machine itself is the only server
	auth      *remote.Auth
	buildHost config.Host
	verbose   int
	log       *progress.Log
	getenv    func(string) string
}

func newDialer(cfg config.Config, getenv func(string) string, log *progress.Log) (dialer, error) {
	d := dialer{buildHost: cfg.BuildHost, verbose: cfg.Access.Verbose, log: log, getenv: getenv}
	if allLocal(cfg) {
		return d, nil
	}
	auth, err := remote.NewAuth(credentials(cfg.Access))
	if err != nil {
		return d, err
	}
	d.auth, d.ssh = auth, &remote.Dialer{Auth: auth}
	for _, h := range cfg.Access.Jumps {
		d.ssh.Jumps = append(d.ssh.Jumps, target(h))
	}
	if d.verbose > 0 {
		d.ssh.Trace = func(format string, args ...any) { log.Say("ssh", "%s", log.RedactCut(fmt.Sprintf(format, args...))) }
	}
	return d, nil
}

func credentials(a config.Access) remote.Credentials {
	return remote.Credentials{Key: a.Key, Passphrase: a.Passphrase, Certificate: a.Certificate, Agent: a.Agent, KnownHosts: a.KnownHosts}
}

func allLocal(cfg config.Config) bool {
	for _, h := range cfg.Hosts {
		if !h.IsLocal() {
			return false
		}
	}
	return cfg.BuildHost == config.Host{} || cfg.BuildHost.IsLocal()
}

// Close closes what the connections share.
func (d dialer) Close() error {
	if d.ssh == nil {
		return nil
	}
	return errors.Join(d.ssh.Close(), d.auth.Close())
}

func target(h config.Host) remote.Target {
	return remote.Target{User: h.User, Host: h.Host, Port: h.Port}
}

func (d dialer) dial(ctx context.Context, h config.Host) (*remote.Conn, error) {
	return d.ssh.Dial(ctx, h.String(), target(h))
}

// buildServer is the build server: a remote machine, or the machine itself.
type buildServer struct {
	build.Host
	lend  func(agent.Agent) script.Machine // returns the same machine, with commands that may use an SSH agent
	Close func() error
}

func (d dialer) buildServer(ctx context.Context, h config.Host) (buildServer, error) {
	s, err := d.reachBuildServer(ctx, h)
	if err == nil && d.verbose > 1 {
		s = s.traced(tracer{h.String(), d.log})
	}
	return s, err
}

func (d dialer) reachBuildServer(ctx context.Context, h config.Host) (buildServer, error) {
	if h.IsLocal() {
		machine := local.New(d.getenv)
		return buildServer{machine, func(a agent.Agent) script.Machine { return machine.WithAgent(a) }, machine.Close}, nil
	}
	conn, err := d.dial(ctx, h)
	if err != nil {
		return buildServer{}, err
	}
	return buildServer{conn, func(a agent.Agent) script.Machine { return conn.WithAgent(a) }, conn.Close}, nil
}

func (s buildServer) traced(t tracer) buildServer {
	lend := s.lend
	s.Host = struct {
		build.Host
		tracer
	}{s.Host, t}
	s.lend = func(a agent.Agent) script.Machine {
		return struct {
			script.Machine
			tracer
		}{lend(a), t}
	}
	return s
}

// Traced passes on the trace of package script.
func (s buildServer) Traced(step, what string) {
	if t, ok := s.Host.(script.Tracer); ok {
		t.Traced(step, what)
	}
}

func (d dialer) candidates(hosts []config.Host) []rollout.Candidate {
	return d.reachedBy(hosts, func(h config.Host) dial {
		return func(ctx context.Context) (host.Conn, error) { return d.traced(ctx, h) }
	})
}

type dial = func(context.Context) (host.Conn, error)

func (d dialer) reachedBy(hosts []config.Host, way func(config.Host) dial) []rollout.Candidate {
	var all []rollout.Candidate
	for _, h := range hosts {
		c := host.Candidate{Name: h.String(), HasArtifact: h == d.buildHost, Dial: way(h)}
		all = append(all, func(run *host.Run) rollout.Host { return host.New(c, run) })
	}
	return all
}

// traced connects to a web server. It logs the scripts there if the settings
// ask for that.
func (d dialer) traced(ctx context.Context, h config.Host) (host.Conn, error) {
	conn, err := d.webServer(ctx, h)
	if err == nil && d.verbose > 1 {
		conn = struct {
			host.Conn
			tracer
		}{conn, tracer{h.String(), d.log}}
	}
	return conn, err
}

func (d dialer) webServer(ctx context.Context, h config.Host) (host.Conn, error) {
	if h.IsLocal() {
		return local.New(d.getenv), nil
	}
	conn, err := d.dial(ctx, h)
	if err != nil {
		return nil, err // a nil *remote.Conn would be a host.Conn that is not nil
	}
	return conn, nil
}

// insideMachine is a host that a person looks inside.
type insideMachine interface {
	console.Host
	Close() error
}

// insideHost is such a host with a tracer of its scripts.
type insideHost struct {
	insideMachine
	traced func(step, what string)
}

// Traced passes on the trace of package script.
func (h insideHost) Traced(step, what string) { h.traced(step, what) }

func (d dialer) insideHost(ctx context.Context, h config.Host) (insideHost, error) {
	host := insideHost{local.New(d.getenv), func(string, string) {}}
	if d.verbose > 1 {
		host.traced = tracer{h.String(), d.log}.Traced
	}
	if h.IsLocal() {
		return host, nil
	}
	conn, err := d.dial(ctx, h)
	if err != nil {
		return insideHost{}, err
	}
	host.insideMachine = conn
	return host, nil
}

// tracer logs which scripts run on a server and what they answer.
type tracer struct {
	name string
	log  *progress.Log
}

// maxTraced bounds a line: an answer may contain a whole manifest.
const maxTraced = 1000

// Traced logs one trace of package script, which may have cut it. It removes
// secrets before it cuts the text too.
func (t tracer) Traced(step, what string) {
	what = t.log.RedactCut(what)
	if len(what) > maxTraced {
		what = strings.ToValidUTF8(what[:maxTraced], "") + "..."
	}
	t.log.Say(t.name, "%s: %s", step, what)
}
