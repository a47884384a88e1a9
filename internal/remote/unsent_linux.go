package remote

import "syscall"

// maxUnsent bounds what waits in this machine's kernel to be sent over one
// connection. A release fills as much as it gets, megabytes, and behind them a
// keepalive or a lock's heartbeat would be late by the time that a slow link
// takes for them. What is under way is not bounded: a long link stays full.
const (
	maxUnsent       = 128 << 10
	tcpNotSentLowat = 25 // of linux/tcp.h; package syscall does not have it
)

// boundUnsent does what it can: a connection works without it.
func boundUnsent(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
