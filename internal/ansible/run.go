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
	Env    []string // beside what every run has
	Vault  []byte   // password of Ansible Vault; empty: none
	Vars   []byte   // extra variables as YAML; empty: none
	Stdout io.Writer
	Stderr io.Writer
}

// Playbook runs ansible-playbook. If ctx ends, Ansible is interrupted and waited
// for. No process of it is left when this returns, but for what has begun a
// session of its own.
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
	// A session of its own: a Ctrl-C, or the runner's signal to the process group,
	// is for Slipway; and no ssh finds a terminal to ask for a password.
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

// How long Ansible has to end by itself, of the 7.5 s that a runner leaves to a
// cancelled step.
const (
	interrupted = 3 * time.Second
	terminated  = time.Second
)

// await ends the whole group if ctx ends: it has Ansible's workers, their ssh and
// what runs on this machine itself.
func await(ctx context.Context, cmd *exec.Cmd) error {
	group := -cmd.Process.Pid
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	defer syscall.Kill(group, syscall.SIGKILL) // of a group that has ended, an error
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
