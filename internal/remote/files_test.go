package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// The sftp-server stops answering, at once or after a while.
func TestFilesOfASilentPeerAreLeftWithTheContext(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"from the beginning": false, "later": true} {
		s := newServer(shell, hostKey())
		silence := make(chan struct{})
		s.silence = silence
		c := connect(t, s)
		if late {
			must(t, c.WriteFile(t.Context(), filepath.Join(t.TempDir(), "x"), nil))
		}
		close(silence)
		for what, operation := range map[string]func(context.Context) error{
			"read":  func(ctx context.Context) error { _, err := c.ReadFile(ctx, "/etc/passwd"); return err },
			"write": func(ctx context.Context) error { return c.WriteFile(ctx, filepath.Join(t.TempDir(), "x"), []byte("x")) },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			err := operation(ctx)
			cancel()
			if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
				t.Errorf("%s, %s: after %s: %v", name, what, took, err)
			}
		}
	}
}

func TestFilesOfAnEndedContextAreNotTouched(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	c, err := dial(t.Context(), s.Target, s.auth(t))
	must(t, err)
	defer c.Close()
	name := filepath.Join(s.dir, "file")
	must(t, os.WriteFile(name, []byte("before"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.WriteFile(ctx, name, []byte("after")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	wantError(t, c.WriteFile(ctx, name, nil), "web1: "+name+": context canceled")
	if _, err := c.ReadFile(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := string(read(t, name)); got != "before" {
		t.Errorf("%q", got)
	}
	text := strings.Repeat("long", 500_000)
	must(t, c.WriteFile(t.Context(), name, []byte(text))) // the connection still works
	if got, err := c.ReadFile(t.Context(), name); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestNoSFTPIsExplained(t *testing.T) {
	t.Parallel()
	s := newServer(func(string, ssh.Channel) {}, hostKey())
	s.noSFTP = true
	_, err := connect(t, s).ReadFile(t.Context(), "x")
	wantError(t, err, "web1: no SFTP (sshd needs 'Subsystem sftp')")
}
