package main

import (
	"net"
	"sync"
	"time"
)

// shape is a link between the client and its hosts.
type shape struct {
	RTT  time.Duration
	Rate int64 // bytes a second each way, for all hosts together; 0: as fast as it goes
}

// link carries the client's connections to the hosts. It delays each direction
// by half of the round trip and lets no more pass than its rate, since the
// kernel need not have netem.
type link struct {
	shape
	up, down pace

	mu    sync.Mutex
	doors []net.Listener
	conns map[*net.TCPConn]bool
	turns int
}

func newLink(s shape) *link { return &link{shape: s, conns: map[*net.TCPConn]bool{}} }

// open returns an address of this machine that leads to a host.
func (l *link) open(target string) (*net.TCPAddr, error) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.doors = append(l.doors, door)
	l.mu.Unlock()
	go l.accept(door, target)
	return door.Addr().(*net.TCPAddr), nil
}

func (l *link) accept(door net.Listener, target string) {
	for {
		conn, err := door.Accept()
		if err != nil {
			return // the link is closed
		}
		go l.carry(conn.(*net.TCPConn), target)
	}
}

// carry begins after the time of a TCP handshake, one round trip, which the
// kernel has answered at once.
func (l *link) carry(client *net.TCPConn, target string) {
	time.Sleep(l.RTT)
	conn, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		client.SetLinger(0) // refused, as far as the client can see
		client.Close()
		return
	}
	host := conn.(*net.TCPConn)
	l.hold(client, host)
	t := &turns{link: l}
	t.add() // the handshake
	var both sync.WaitGroup
	both.Go(func() { l.pass(client, host, &l.up, t.asked) })
	both.Go(func() { l.pass(host, client, &l.down, t.answered) })
	both.Wait()
	l.release(client, host)
}

func (l *link) hold(conns ...*net.TCPConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
	}
}

func (l *link) release(conns ...*net.TCPConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
		c.Close()
	}
}

// inFlight is how many pieces may be on their way at once: 8 MB, more than a
// link of 200 Mbit/s and 100 ms holds.
const inFlight, pieceSize = 512, 16 << 10

type piece struct {
	due  time.Time
	data []byte
}

// pass hands on what one side sends. Pieces do not wait for each other: that
// would be a narrow link, and not a long one.
func (l *link) pass(from, to *net.TCPConn, p *pace, seen func()) {
	way := make(chan piece, inFlight)
	go func() {
		defer close(way)
		for {
			data := make([]byte, pieceSize)
			n, err := from.Read(data)
			if n > 0 {
				seen()
				way <- piece{p.through(n, l.Rate).Add(l.RTT / 2), data[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	broken := false
	for next := range way {
		time.Sleep(time.Until(next.due))
		if _, err := to.Write(next.data); err != nil && !broken {
			broken = true // the sender finds out, and the channel is emptied
			from.CloseRead()
		}
	}
	time.Sleep(l.RTT / 2) // the end travels, too
	to.CloseWrite()
}

// pace is one direction of a link that all connections share.
type pace struct {
	mu   sync.Mutex
	free time.Time // when the bytes before have passed
}

// through returns when so many bytes have passed.
func (p *pace) through(n int, rate int64) time.Time {
	now := time.Now()
	if rate == 0 {
		return now
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(int64(n) * int64(time.Second) / rate))
	return p.free
}

// turns counts how often a host answers the client on one connection: what it
// sends after the client has sent something counts once.
type turns struct {
	link *link
	mu   sync.Mutex
	open bool // the client has sent something since the host did
}

func (t *turns) asked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = true
}

func (t *turns) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.open = false
		t.add()
	}
}

func (t *turns) add() {
	t.link.mu.Lock()
	defer t.link.mu.Unlock()
	t.link.turns++
}

// count returns the turns on all connections until now.
func (l *link) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turns
}

// close ends the link and what is open on it.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, door := range l.doors {
		door.Close()
	}
	for c := range l.conns {
		c.Close()
	}
}
