package simssh

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// place is where a host's processes live: namespaces that one thread of this
// process is in, and its children with it. So a command is started there by no
// program in between.
type place struct {
	jobs  chan func()
	ended chan struct{}
	end   func() // ends all that runs there
	init  *exec.Cmd
}

// first is the host's first process. The kernel gives it what others leave
// behind, and ends all others with it.
const first = `mount -t proc proc /proc && mount -t tmpfs tmpfs /opt && echo ready && exec >/dev/null 2>&1 || exit
sleep infinity &
while :; do wait; done`

func newPlace() (*place, error) {
	p := &place{jobs: make(chan func()), ended: make(chan struct{})}
	p.end = sync.OnceFunc(p.kill)
	made := make(chan error)
	go p.live(made)
	if err := <-made; err != nil {
		close(p.ended)
		return nil, err
	}
	return p, nil
}

// live is the thread. It is never unlocked, so the runtime ends it with this
// goroutine instead of using it for anything else.
func (p *place) live(made chan<- error) {
	runtime.LockOSThread()
	made <- p.enter()
	for {
		select {
		case job := <-p.jobs:
			job()
		case <-p.ended:
			return
		}
	}
}

func (p *place) enter() error {
	if err := syscall.Unshare(syscall.CLONE_NEWNS | syscall.CLONE_NEWPID); err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	// Or the machine would see these mounts too.
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	p.init = exec.Command("/bin/sh", "-c", first)
	// The thread lives as long as the host, or as this process.
	p.init.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	var problem strings.Builder
	p.init.Stderr = &problem
	out, err := p.init.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.init.Start(); err != nil {
		return err
	}
	said, err := io.ReadAll(out)
	if string(said) != "ready\n" {
		p.init.Process.Kill()
		return errors.Join(fmt.Errorf("no first process: %s", problem.String()), err, p.init.Wait())
	}
	return nil
}

// start starts a command on the host.
func (p *place) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	select {
	case p.jobs <- func() { done <- cmd.Start() }:
		return <-done
	case <-p.ended:
		return errors.New("the host has ended")
	}
}

func (p *place) kill() {
	close(p.ended)
	p.init.Process.Kill()
	p.init.Wait()
}

func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
