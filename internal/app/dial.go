package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

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
	if err != nil {
		return s, err
	}
	return s.heard(d.ears(h)), nil
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

func (s buildServer) heard(e ears) buildServer {
	lend := s.lend
	s.Host = struct {
		build.Host
		ears
	}{s.Host, e}
	s.lend = func(a agent.Agent) script.Machine {
		return struct {
			script.Machine
			ears
		}{lend(a), e}
	}
	return s
}

// Greeted passes on what package script has heard.
func (s buildServer) Greeted(text string) { script.Greet(s.Host, text) }

// Traced passes on the trace of package script.
func (s buildServer) Traced(step, what string) {
	if t, ok := s.Host.(script.Tracer); ok {
		t.Traced(step, what)
	}
}

func (d dialer) candidates(hosts []config.Host) []rollout.Candidate {
	return d.reachedBy(hosts, func(h config.Host) dial {
		return func(ctx context.Context) (host.Conn, error) { return d.heard(ctx, h) }
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

// heard connects to a web server, and logs what package script says of it.
func (d dialer) heard(ctx context.Context, h config.Host) (host.Conn, error) {
	conn, err := d.webServer(ctx, h)
	if err != nil {
		return nil, err
	}
	return struct {
		host.Conn
		ears
	}{conn, d.ears(h)}, nil
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

// insideHost is such a host, with those who hear what package script says of it.
type insideHost struct {
	insideMachine
	ears
}

func (d dialer) insideHost(ctx context.Context, h config.Host) (insideHost, error) {
	host := insideHost{local.New(d.getenv), d.ears(h)}
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

// ears hear what package script says of a server.
type ears struct {
	greeter
	tracer
}

func (d dialer) ears(h config.Host) ears {
	e := ears{greeter{h.String(), d.log, new(sync.Once)}, tracer{name: h.String()}}
	if d.verbose > 1 {
		e.tracer.log = d.log
	}
	return e
}

// greeter logs, once, what the login shell of a server prints before a script runs.
type greeter struct {
	name string
	log  *progress.Log
	once *sync.Once
}

// Greeted logs a text, which package script may have cut.
func (g greeter) Greeted(text string) {
	g.once.Do(func() { g.log.Say("", "%s's login shell printed: %s", g.name, g.log.RedactCut(text)) })
}

// tracer logs which scripts run on a server and what they answer.
type tracer struct {
	name string
	log  *progress.Log // nil: nobody wants to know
}

// maxTraced bounds a line: an answer may contain a whole manifest.
const maxTraced = 1000

// Traced logs one trace of package script, which may have cut it. It removes
// secrets before it cuts the text too.
func (t tracer) Traced(step, what string) {
	if t.log == nil {
		return
	}
	what = t.log.RedactCut(what)
	if len(what) > maxTraced {
		what = strings.ToValidUTF8(what[:maxTraced], "") + "..."
	}
	t.log.Say(t.name, "%s: %s", step, what)
}
