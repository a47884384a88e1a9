package remote

import "syscall"

// maxUnsent bounds the bytes that wait in this machine's kernel to be sent over
// one connection. A release would fill megabytes of buffer, and a keepalive or a
// lock's heartbeat would have to wait behind them: too long on a slow link. Bytes
// in flight are not bounded, so a long link stays full.
const (
	maxUnsent       = 128 << 10
	tcpNotSentLowat = 25 // from linux/tcp.h; package syscall lacks it
)

// boundUnsent ignores a failure to set the option: the connection works without
// it.
func boundUnsent(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
