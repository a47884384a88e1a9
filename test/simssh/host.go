package simssh

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Host is one simulated host.
type Host struct {
	Addr string
	Home string // of whoever logs in: a directory of this machine, or below /opt
	// Rate bounds what the host takes from the network, in bytes a second; 0 does not.
	Rate int
	// Delay is how long what is sent to the host is under way: a round trip, since
	// the way back takes no time.
	Delay time.Duration

	fleet    *Fleet
	place    *place
	listener net.Listener
	config   *ssh.ServerConfig
	key      ssh.PublicKey
	counts   counts
	stopping atomic.Bool
}

// Name is the host as the setting hosts has it.
func (h *Host) Name() string { return h.listener.Addr().String() }

func (h *Host) knownHost() string {
	if h.listener == nil || h.key == nil {
		return "" // it did not boot
	}
	_, port, err := net.SplitHostPort(h.Name())
	if err != nil {
		return ""
	}
	return fmt.Sprintf("[%s]:%s %s", h.Addr, port, ssh.MarshalAuthorizedKey(h.key))
}

func (h *Host) boot() error {
	key, _, err := newKey()
	if err != nil {
		return err
	}
	h.key, h.config = key.PublicKey(), &ssh.ServerConfig{PublicKeyCallback: h.fleet.admit}
	h.config.AddHostKey(key)
	if h.place, err = newPlace(); err != nil {
		return fmt.Errorf("%s: %w", h.Addr, err)
	}
	if out, err := h.Run("mkdir -p " + base + "/releases /opt/home " + units + " && mkfifo /opt/home/never"); err != nil {
		return fmt.Errorf("%s: %w: %s", h.Addr, err, out)
	}
	if h.listener, err = listen(h.Addr); err != nil {
		return err
	}
	go h.serve()
	return nil
}

func (f *Fleet) admit(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	if !bytes.Equal(key.Marshal(), f.key.PublicKey().Marshal()) {
		return nil, errors.New("unknown key")
	}
	return nil, nil
}

// Run runs a script on the host past SSH.
func (h *Host) Run(script string) (string, error) {
	cmd := h.command("/bin/sh", "-c", script)
	cmd.Dir = "/"
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := h.place.start(cmd); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return out.String(), err
}

// command has the environment that an SSH login has.
func (h *Host) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = []string{"PATH=" + h.fleet.standIns() + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + h.Home, "USER=deploy", "SHELL=/bin/sh"}
	cmd.Dir = h.Home
	cmd.SysProcAttr = ownSession()
	return cmd
}

// stop ends the host; what runs there dies with its first process.
func (h *Host) stop() {
	h.stopping.Store(true)
	if h.listener != nil {
		h.listener.Close()
	}
	if h.place != nil {
		h.place.end()
	}
}
