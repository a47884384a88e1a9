package remote

import (
	"net"
	"testing"
	"time"
)

// A peer that reads nothing stands in for the slowest link: a heartbeat would
// have to wait behind the bytes that were written so far.
func TestLittleWaitsToBeSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	conn, err := direct(t.Context(), tracer{}, Target{Host: "127.0.0.1", Port: port})
	must(t, err)
	defer conn.Close()
	must(t, conn.SetWriteDeadline(time.Now().Add(500*time.Millisecond)))
	n, err := conn.Write(make([]byte, 16<<20))
	if err == nil {
		t.Fatal("16 MB were written to a peer that reads nothing")
	}
	t.Logf("%d bytes wait", n)
	if n > 1<<20 {
		t.Errorf("%d bytes wait for a peer that reads nothing, want 1 MiB at most", n)
	}
}
