package app

import (
	"context"

	"golang.org/x/crypto/ssh/agent"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/script"
)

// dialer reaches the servers that the settings name.
type dialer struct {
	ssh    *remote.Dialer
	getenv func(string) string
}

// newDialer needs no key if there is no server but the machine itself.
func newDialer(cfg config.Config, getenv func(string) string) (dialer, error) {
	if cfg.BuildHost.IsLocal() && len(cfg.Hosts) == 0 {
		return dialer{getenv: getenv}, nil
	}
	auth, err := remote.NewAuth(remote.Credentials{Key: cfg.SSHKey, KnownHosts: cfg.KnownHosts})
	return dialer{&remote.Dialer{Auth: auth}, getenv}, err
}

func (d dialer) dial(ctx context.Context, h config.Host) (*remote.Conn, error) {
	return d.ssh.Dial(ctx, h.String(), remote.Target{User: h.User, Host: h.Host, Port: h.Port})
}

// buildServer is the build server, however it is reached.
type buildServer struct {
	build.Host
	lend  func(agent.Agent) script.Machine // the same, where commands may use an SSH agent
	Close func() error
}

func (d dialer) buildServer(ctx context.Context, h config.Host) (buildServer, error) {
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

func (d dialer) candidates(hosts []config.Host) []rollout.Candidate {
	var all []rollout.Candidate
	for _, h := range hosts {
		all = append(all, rollout.Candidate{
			Name: h.String(),
			Dial: func(ctx context.Context) (rollout.Host, error) {
				conn, err := d.dial(ctx, h)
				if err != nil {
					return nil, err // a nil *Conn would be a Host that is not nil
				}
				return conn, nil
			},
		})
	}
	return all
}
