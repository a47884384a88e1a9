package app

import (
	"context"
	"sync"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
)

// mostAhead bounds the connections that are opened before the fleet asks for
// them. The fleet itself works on about as many hosts at the same time.
const mostAhead = 32

// candidatesAhead returns candidates to which connections are being opened. The
// function that it returns closes those that nobody has used.
func (d dialer) candidatesAhead(ctx context.Context, hosts []config.Host) ([]rollout.Candidate, func()) {
	var begun []*dialled
	all := d.reachedBy(hosts, func(h config.Host) dial {
		again := func(ctx context.Context) (host.Conn, error) { return d.heard(ctx, h) }
		if len(begun) == mostAhead {
			return again
		}
		a := dialAhead(ctx, again)
		begun = append(begun, a)
		return a.dial
	})
	return all, func() {
		for _, a := range begun {
			a.close()
		}
	}
}

// dialled is a connection that is being opened, or has been.
type dialled struct {
	again  dial
	cancel context.CancelFunc
	done   chan struct{}
	conn   host.Conn
	err    error
	once   sync.Once // who uses the connection, or closes it
}

func dialAhead(ctx context.Context, again dial) *dialled {
	ctx, cancel := context.WithCancel(ctx)
	a := &dialled{again: again, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.conn, a.err = again(ctx)
	}()
	return a
}

// dial returns the connection. Who has lost it gets a new one.
func (a *dialled) dial(ctx context.Context) (conn host.Conn, err error) {
	first := false
	a.once.Do(func() {
		first = true
		<-a.done // it ends with its context, as ctx does
		conn, err = a.conn, a.err
	})
	if !first {
		return a.again(ctx)
	}
	return conn, err
}

func (a *dialled) close() {
	a.once.Do(func() {
		a.cancel()
		if <-a.done; a.err == nil {
			a.conn.Close()
		}
	})
}
