package chaos

import (
	"net"
	"sync"
)

// proxy stands between Slipway and a host's sshd and does to the connections
// what networks do.
type proxy struct {
	listener net.Listener
	target   string
	counted  func(way string, total int64) // before bytes are passed on

	mu      sync.Mutex
	conns   []*net.TCPConn
	totals  map[string]int64
	stalled chan struct{} // closed when nothing is passed on any more
	ended   chan struct{}
	over    sync.Once
}

func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, totals: map[string]int64{}, stalled: make(chan struct{}), ended: make(chan struct{})}
	p.counted = func(string, int64) {}
	go p.accept()
	return p, nil
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *proxy) accept() {
	for {
		down, err := p.listener.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial("tcp", p.target)
		if err != nil {
			down.Close()
			continue
		}
		a, b := down.(*net.TCPConn), up.(*net.TCPConn)
		p.mu.Lock()
		p.conns = append(p.conns, a, b)
		p.mu.Unlock()
		go p.pass(a, b, "up")
		go p.pass(b, a, "down")
	}
}

func (p *proxy) pass(from, to *net.TCPConn, way string) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		p.totals[way] += int64(n)
		total := p.totals[way]
		p.mu.Unlock()
		p.counted(way, total)
		select {
		case <-p.stalled:
			<-p.ended
			return
		default:
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			to.CloseWrite()
			return
		}
	}
}

// stall lets nothing pass any more, and both ends believe to be connected.
func (p *proxy) stall() { close(p.stalled) }

func (p *proxy) reset() {
	p.each(func(c *net.TCPConn) { c.SetLinger(0) })
	p.cut()
}

func (p *proxy) cut() { p.each(func(c *net.TCPConn) { c.Close() }) }

func (p *proxy) each(do func(*net.TCPConn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		do(c)
	}
}

// end ends everything, also what stalls. It may be called again.
func (p *proxy) end() {
	p.over.Do(func() {
		p.listener.Close()
		close(p.ended)
	})
	p.cut()
}
