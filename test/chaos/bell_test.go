package chaos

import (
	"bufio"
	"fmt"
	"net"
	"sync"
)

// bell is where the shells of all hosts tell of what they are about to run.
type bell struct {
	listener net.Listener

	mu       sync.Mutex
	machines map[string]*machine // by address
}

func newBell(address string) (*bell, error) {
	l, err := net.Listen("tcp", address+":0")
	if err != nil {
		return nil, err
	}
	b := &bell{listener: l, machines: map[string]*machine{}}
	go b.accept()
	return b, nil
}

// address is as the hosts' shells read it.
func (b *bell) address() string {
	a := b.listener.Addr().(*net.TCPAddr)
	return fmt.Sprintf("%s %d", a.IP, a.Port)
}

func (b *bell) add(m *machine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machines[m.Addr] = m
}

func (b *bell) accept() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.serve(conn)
	}
}

func (b *bell) serve(conn net.Conn) {
	defer conn.Close()
	b.mu.Lock()
	m := b.machines[conn.RemoteAddr().(*net.TCPAddr).IP.String()]
	b.mu.Unlock()
	lines := bufio.NewScanner(conn)
	for m != nil && lines.Scan() {
		fmt.Fprintln(conn, m.answer(lines.Text()))
	}
}
