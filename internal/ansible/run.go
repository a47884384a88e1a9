package ansible

import (
	"context"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// Call is one run of ansible-playbook.
type Call struct {
	Args   []string
	Env    []string // added to the environment that every run has
	Vault  []byte   // password of Ansible Vault, if any
	Vars   []byte   // extra variables as YAML, if any
	Stdout io.Writer
	Stderr io.Writer
}

// Playbook runs ansible-playbook. If ctx ends, it interrupts Ansible and waits for
// it. When Playbook returns, none of Ansible's processes is left, except those
// that have started a session of their own.
func (p *Programs) Playbook(ctx context.Context, c Call) error {
	return p.run(ctx, p.playbook, c)
}

func (p *Programs) run(ctx context.Context, program string, c Call) error {
	hidden := secrets{dir: p.dir}
	defer hidden.close()
	args := c.Args
	for _, secret := range []struct {
		option string
		text   []byte
	}{{"--vault-password-file=", c.Vault}, {"--extra-vars=@", c.Vars}} {
		if len(secret.text) == 0 {
			continue
		}
		path, err := hidden.add(secret.text)
		if err != nil {
			return err
		}
		args = append(args[:len(args):len(args)], secret.option+path)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(p.env[:len(p.env):len(p.env)], c.Env...)
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	// In a session of its own, Ansible gets neither a Ctrl-C nor the runner's
	// signal to the process group: those are for Slipway. And ssh finds no terminal
	// on which to ask for a password.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return await(ctx, cmd)
}

// How long to wait for Ansible after each signal. A runner gives a cancelled step
// 7.5 s in all.
const (
	interrupted = 3 * time.Second
	terminated  = time.Second
)

// await waits for the command. If ctx ends, it ends the whole process group:
// Ansible's workers, their ssh, and tasks that run on this machine.
func await(ctx context.Context, cmd *exec.Cmd) error {
	group := -cmd.Process.Pid
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	defer syscall.Kill(group, syscall.SIGKILL) // fails if the group has ended, as it should
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, interrupted}, {syscall.SIGTERM, terminated}} {
		syscall.Kill(group, step.signal)
		select {
		case <-done:
			return context.Cause(ctx)
		case <-time.After(step.wait):
		}
	}
	syscall.Kill(group, syscall.SIGKILL)
	<-done
	return context.Cause(ctx)
}
