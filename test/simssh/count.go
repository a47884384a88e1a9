package simssh

import (
	"maps"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// counts is what a host has seen.
type counts struct {
	accepted, loggedIn, channels, in, out, processor atomic.Int64

	mu    sync.Mutex
	steps map[string]int
}

var stepRE = regexp.MustCompile(`step\.([a-z]+)`)

func (c *counts) step(command string) {
	name := "other"
	if found := stepRE.FindStringSubmatch(command); found != nil {
		name = found[1]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps == nil {
		c.steps = map[string]int{}
	}
	c.steps[name]++
}

// Seen is what a host, or several, have seen.
type Seen struct {
	Accepted  int64 // TCP connections
	LoggedIn  int64
	Channels  int64
	In, Out   int64         // bytes, as the host sees them
	Processor time.Duration // that commands took, with all that they waited for
	Steps     map[string]int
}

// Seen is what it has seen so far.
func (h *Host) Seen() Seen {
	c := &h.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	return Seen{
		c.accepted.Load(), c.loggedIn.Load(), c.channels.Load(), c.in.Load(), c.out.Load(),
		time.Duration(c.processor.Load()), maps.Clone(c.steps),
	}
}

// Seen is what all hosts have seen.
func (f *Fleet) Seen() Seen {
	all := Seen{Steps: map[string]int{}}
	for _, h := range f.Hosts {
		s := h.Seen()
		all.Accepted += s.Accepted
		all.LoggedIn += s.LoggedIn
		all.Channels += s.Channels
		all.In += s.In
		all.Out += s.Out
		all.Processor += s.Processor
		for name, n := range s.Steps {
			all.Steps[name] += n
		}
	}
	return all
}

// counted is a connection that is counted, and slow if its host is.
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
