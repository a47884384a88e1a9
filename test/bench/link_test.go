package main

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// echo answers each connection with what it sends.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	return l.Addr().String()
}

func connect(t *testing.T, s shape) (*link, *net.TCPConn) {
	t.Helper()
	l := newLink(s)
	t.Cleanup(l.close)
	at, err := l.open(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialTCP("tcp", nil, at)
	if err != nil {
		t.Fatal(err)
	}
	return l, c
}

func exchange(t *testing.T, c *net.TCPConn, text []byte) {
	t.Helper()
	go c.Write(text)
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes came back, %v", len(got), err)
	}
}

// Each exchange takes a round trip, the first one also that of the handshake,
// and each is counted.
func TestALinkDelaysAndCounts(t *testing.T) {
	const rtt = 100 * time.Millisecond
	l, c := connect(t, shape{RTT: rtt})
	for i := range 3 {
		began, trips := time.Now(), time.Duration(1)
		if i == 0 {
			trips = 2
		}
		exchange(t, c, []byte("question"))
		if took := time.Since(began); took < trips*rtt {
			t.Errorf("exchange %d took %s", i, took)
		}
	}
	if got := l.count(); got != 4 {
		t.Errorf("%d turns, want 4", got)
	}
}

// Much is on its way at once: 4 MB take the link's time, not a round trip for
// each piece, and never less.
func TestALinkHasARate(t *testing.T) {
	const rate = 20 << 20
	_, c := connect(t, shape{RTT: 20 * time.Millisecond, Rate: rate})
	began := time.Now()
	exchange(t, c, bytes.Repeat([]byte("slipway "), 4<<20/8))
	if took := time.Since(began); took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("4 MB at 20 MB/s took %s", took)
	}
}

// The end of a stream reaches the other side after its data.
func TestALinkPassesTheEnd(t *testing.T) {
	_, c := connect(t, shape{RTT: 10 * time.Millisecond})
	c.Write([]byte("last words"))
	c.CloseWrite()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "last words" {
		t.Errorf("%q, %v", got, err)
	}
}

// A host that cannot be reached does not keep the client waiting.
func TestALinkToNowhereEnds(t *testing.T) {
	l := newLink(shape{})
	t.Cleanup(l.close)
	at, err := l.open("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialTCP("tcp", nil, at)
	if err != nil {
		return // the link was quicker
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || err.(net.Error).Timeout() {
		t.Errorf("got %v", err)
	}
}
