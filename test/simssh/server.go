package simssh

import (
	"io"
	"net"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// OpenSSH's own, which writes where the commands write.
const sftpServer = "/usr/lib/openssh/sftp-server"

func (h *Host) serve() {
	for {
		tcp, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.counts.accepted.Add(1)
		go h.talk(h.link(tcp))
	}
}

func (h *Host) talk(tcp net.Conn) {
	defer tcp.Close()
	conn, channels, requests, err := ssh.NewServerConn(tcp, h.config)
	if err != nil {
		return
	}
	defer conn.Close()
	h.counts.loggedIn.Add(1)
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if c.ChannelType() != "session" {
			c.Reject(ssh.Prohibited, "no forwarding")
			continue
		}
		h.counts.channels.Add(1)
		go h.session(c)
	}
}

func (h *Host) session(c ssh.NewChannel) {
	ch, requests, err := c.Accept()
	if err != nil {
		return
	}
	for r := range requests {
		var asked struct{ Text string }
		isCommand := r.Type == "exec" && ssh.Unmarshal(r.Payload, &asked) == nil
		isSFTP := r.Type == "subsystem" && ssh.Unmarshal(r.Payload, &asked) == nil && asked.Text == "sftp"
		r.Reply(isCommand || isSFTP, nil)
		if isCommand {
			h.counts.step(asked.Text)
			go h.exec(h.command("/bin/sh", "-c", asked.Text), ch)
		} else if isSFTP {
			h.counts.step("step.sftp")
			go h.exec(h.command(sftpServer), ch)
		}
	}
}

// exec runs a command as sshd does: it is over when it has ended and its output
// is closed, whether or not its input is.
func (h *Host) exec(cmd *exec.Cmd, ch ssh.Channel) {
	defer ch.Close()
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = ch, ch.Stderr(), 5*time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return
	}
	if err := h.place.start(cmd); err != nil {
		io.WriteString(ch.Stderr(), err.Error())
		exit(ch, 255)
		return
	}
	go func() {
		io.Copy(in, ch)
		in.Close()
	}()
	cmd.Wait() // how it ended is in its state
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		h.counts.processor.Add(used(u))
	}
	exit(ch, uint32(cmd.ProcessState.ExitCode()))
}

func exit(ch ssh.Channel, status uint32) {
	ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
}
