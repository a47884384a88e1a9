package hosts

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/test/light"
)

// canary is a word that occurs nowhere else.
func (w *world) canary(of string) string {
	w.Helper()
	b := make([]byte, 8)
	_, err := rand.Read(b)
	w.must(err)
	return "canary-" + of + "-" + hex.EncodeToString(b)
}

// processes collects the argument lists of everything that runs, on the host and
// on this machine, until the function is called.
func (w *world) processes() (stop func() string) {
	ctx, cancel := context.WithCancel(w.Context())
	var there, here bytes.Buffer
	remote := exec.CommandContext(ctx, "ssh", append(w.lab.SSHArgs("root", w.host), "--", "while :; do ps -ww -eo args | sort -u; sleep 0.05; done")...)
	remote.Stdout = &there
	w.must(remote.Start())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			out, err := exec.CommandContext(ctx, "ps", "-ww", "-eo", "args").Output()
			if err == nil {
				here.Write(out)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	return func() string {
		cancel()
		_ = remote.Wait() // it was ended
		done.Wait()
		return there.String() + here.String()
	}
}

// No secret is in an argument list, in a log, or in a file that is not its own.
func TestSecretsAreNowhereElse(t *testing.T) {
	w := anyWorld(t)
	passphrase, value, second, token := w.canary("passphrase"), w.canary("value"), w.canary("second"), w.canary("token")
	key := filepath.Join(w.TempDir(), "key")
	original, err := os.ReadFile(w.lab.DeployKeyPath())
	w.must(err)
	w.must(os.WriteFile(key, original, 0o600))
	if out, err := exec.Command("ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	locked, err := os.ReadFile(key)
	w.must(err)
	secrets := map[string]string{"passphrase": passphrase, "token": token, "value": value, "second line": second}
	for name, text := range map[string][]byte{"key": original, "locked key": locked} {
		// The first line says what kind of key it is.
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if i > 1 && len(line) > 40 && !strings.HasPrefix(line, "---") {
				secrets[fmt.Sprintf("%s, line %d", name, i)] = line
			}
		}
	}
	settings := append([]string{
		"SLIPWAY_SSH_KEY_FILE=" + key, "SLIPWAY_SSH_PASSPHRASE=" + passphrase, "SLIPWAY_GIT_TOKEN=" + token, "SLIPWAY_VERBOSE=2",
		`SLIPWAY_BEFORE_ACTIVATE=bin/shop eval 'import os; print("the hook sees", os.environ["GREETING"])'; sleep 0.3`,
	}, w.env("GREETING="+value+"\nOTHER<<END\nfirst\n"+second+"\nEND\n")...)

	stop := w.processes()
	var log strings.Builder
	for n, way := range []light.Way{{}, {Status: 500}, {}} {
		r := w.run(append([]string{"deploy", "--release-id", string(w.artifact(n+1, way)), "--health-timeout", "2s"}, settings...)...)
		if good := way.Status == 0; good != (r.Code == 0) {
			t.Errorf("exit %d", r.Code)
		}
		log.WriteString(r.Stdout + r.Stderr)
	}
	r := w.run(append([]string{"rollback"}, settings[:4]...)...)
	w.red(0, r)
	log.WriteString(r.Stdout + r.Stderr)
	seen := stop()
	w.greets(light.At(1), value)

	for _, here := range []string{"sh -s --", "deploy --release-id", "sleep 0.3", "launch"} {
		if !strings.Contains(seen, here) {
			t.Errorf("the process lists do not have %q: were they looked at?", here)
		}
	}
	if !strings.Contains(log.String(), "the hook sees ***") {
		t.Error("the hook's output is not in the log")
	}
	for name, secret := range secrets {
		if strings.Contains(seen, secret) {
			t.Errorf("%s was in a process list", name)
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log", name)
		}
		// The host's own log has what sudo was told, and what the units said.
		found := w.find(secret)
		for _, path := range found {
			own := strings.HasPrefix(path, base+"/activations/") && strings.HasSuffix(path, "/environment")
			if !own || secret != value && secret != second {
				t.Errorf("%s is in %s", name, path)
			}
		}
		if (secret == value || secret == second) && len(found) == 0 {
			t.Errorf("%s is nowhere on the host: was it looked for?", name)
		}
	}
}

// find lists the host's files, and its log, that have a text in them.
func (w *world) find(text string) []string {
	w.Helper()
	out, err := w.host.Run(w.Context(), strings.NewReader(text), "sh", "-c", `umask 077; mkdir -p /dev/shm/look && cat >/dev/shm/look/for
		find /opt /tmp /var /run /home /root /etc -xdev -type f -exec grep -laF -f /dev/shm/look/for {} +
		find /run /tmp -type f -exec grep -laF -f /dev/shm/look/for {} +
		journalctl --no-pager --output=export | grep -qaF -f /dev/shm/look/for && echo journal
		rm -r /dev/shm/look; true`)
	w.must(err)
	return strings.Fields(out)
}
