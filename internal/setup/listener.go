package setup

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// listener passes the output of Ansible on and remembers its end.
type listener struct {
	to io.Writer

	mu   sync.Mutex
	tail []byte
	over bool
}

// maxTail bounds the end that is remembered.
const maxTail = 8 << 10

// noHostsLeft is what Ansible prints when failures on some hosts end a play for
// all: then the other hosts have not finished it either.
const noHostsLeft = "NO MORE HOSTS LEFT"

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	before := len(l.tail)
	l.tail = append(l.tail, p...)
	l.over = l.over || bytes.Contains(l.tail[max(0, before-len(noHostsLeft)):], []byte(noHostsLeft))
	if len(l.tail) > maxTail {
		l.tail = append([]byte(nil), l.tail[len(l.tail)-maxTail:]...)
	}
	l.mu.Unlock()
	return l.to.Write(p)
}

func (l *listener) broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *listener) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(l.tail), ""))
}
