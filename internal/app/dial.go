package app

import (
	"context"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/rollout"
)

// dialer reaches the servers that the settings name.
type dialer struct{ auth remote.Auth }

func newDialer(cfg config.Config) (dialer, error) {
	auth, err := remote.NewAuth(cfg.SSHKey, cfg.KnownHosts)
	return dialer{auth}, err
}

func (d dialer) dial(ctx context.Context, h config.Host) (*remote.Conn, error) {
	return remote.Dial(ctx, h.String(), remote.Target{User: h.User, Host: h.Host, Port: h.Port}, d.auth)
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
