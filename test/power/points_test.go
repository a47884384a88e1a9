package power

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// points are the moments between the commands of the scripts. The commands are
// stand-ins that ask before and after the real one, and wait for the answer.
type points struct {
	bin    string
	ask    *os.File
	answer *os.File
	ended  chan struct{}
	// at is told of each point; leaveOut says that a command is not to run.
	at func(point string) (leaveOut bool)
}

// standIns by their names; empty: for the command of that name. find, sort and
// the like only read, and some of them run side by side. sudo's "systemctl
// restart" does nothing.
var standIns = map[string]string{
	"mkdir": "", "rm": "", "mv": "", "ln": "", "chmod": "", "sync": "", "tar": "", "diff": "", "sha256sum": "", "cmp": "",
	"sudo": ":", "systemctl": ":",
}

const standIn = `#!/bin/sh
# What only looks is no moment of its own.
case "%[2]s $*" in
"sudo "*-l*) exit ;;
"systemctl show"*) echo "${2#--property=}="; exit ;;
esac
ask() { echo "$*" >%[1]s/ask && read -r answer <%[1]s/answer; }
real() { %[3]s
}
ask before %[2]s "$@"
[ "$answer" != leave-out ] || exit 0
real "$@"
status=$?
ask after %[2]s "$@"
exit $status
`

func newPoints(at func(string) bool) (*points, error) {
	dir, err := os.MkdirTemp(place, "points-")
	if err != nil {
		return nil, err
	}
	p := &points{bin: filepath.Join(dir, "bin"), ended: make(chan struct{}), at: at}
	if err := p.write(dir); err != nil {
		return nil, err
	}
	go p.serve()
	return p, nil
}

func (p *points) write(dir string) error {
	if err := os.Mkdir(p.bin, 0o755); err != nil {
		return err
	}
	for name, body := range standIns {
		if body == "" {
			path, err := exec.LookPath(name)
			if err != nil {
				return err
			}
			body = path + ` "$@"`
		}
		if err := os.WriteFile(filepath.Join(p.bin, name), fmt.Appendf(nil, standIn, dir, name, body), 0o755); err != nil {
			return err
		}
	}
	var err error
	if p.ask, err = fifo(filepath.Join(dir, "ask")); err == nil {
		p.answer, err = fifo(filepath.Join(dir, "answer"))
	}
	return err
}

// fifo opens both ends, so that nobody's opening or closing ends it.
func fifo(path string) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

func (p *points) serve() {
	defer close(p.ended)
	for lines := bufio.NewScanner(p.ask); lines.Scan(); {
		answer := "go"
		if p.at(lines.Text()) {
			answer = "leave-out"
		}
		if _, err := fmt.Fprintln(p.answer, answer); err != nil {
			return
		}
	}
}

func (p *points) close() error {
	err := errors.Join(p.ask.Close(), p.answer.Close())
	<-p.ended
	return errors.Join(err, os.RemoveAll(filepath.Dir(p.bin)))
}

// inShort is a point without what differs from one release to the next.
func inShort(point string) string {
	words := strings.Fields(point)
	return strings.Join(words[:min(2, len(words))], " ")
}
