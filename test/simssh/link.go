package simssh

import (
	"io"
	"net"
	"time"
)

// link is a connection as its host has it: counted, and slow or far away.
func (h *Host) link(tcp net.Conn) net.Conn {
	if h.Delay > 0 {
		tcp = newDelayed(tcp, h.Delay)
	}
	return &counted{tcp, h}
}

type counted struct {
	net.Conn
	host *Host
}

func (c *counted) Read(p []byte) (int, error) {
	rate := c.host.Rate
	if rate > 0 {
		p = p[:min(len(p), max(rate/10, 1))]
	}
	n, err := c.Conn.Read(p)
	c.host.counts.in.Add(int64(n))
	if rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.host.counts.out.Add(int64(n))
	return n, err
}

// delayed hands on what came in after some time. What comes meanwhile does not
// wait for it: that would be a narrow link, and not a long one.
type delayed struct {
	net.Conn
	come chan piece
	rest []byte
}

type piece struct {
	due  time.Time
	data []byte
}

func newDelayed(tcp net.Conn, by time.Duration) *delayed {
	d := &delayed{Conn: tcp, come: make(chan piece, 1024)}
	go func() {
		defer close(d.come)
		for {
			data := make([]byte, 4096)
			n, err := tcp.Read(data)
			if err != nil {
				return
			}
			d.come <- piece{time.Now().Add(by), data[:n]}
		}
	}()
	return d
}

func (d *delayed) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		next, ok := <-d.come
		if !ok {
			return 0, io.EOF
		}
		time.Sleep(time.Until(next.due))
		d.rest = next.data
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
