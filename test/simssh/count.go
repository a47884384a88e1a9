package simssh

import (
	"maps"
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
