package hosts

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// canary returns a word that occurs nowhere else.
func (w *webHost) canary(of string) string {
	w.Helper()
	b := make([]byte, 8)
	_, err := rand.Read(b)
	w.Must(err)
	return "canary-" + of + "-" + hex.EncodeToString(b)
}

// processes collects the argument lists of everything that runs on this machine,
// which includes the hosts, until the function is called.
func (w *webHost) processes() (stop func() string) {
	ctx, cancel := context.WithCancel(w.Context())
	seen := map[string]bool{}
	var done sync.WaitGroup
	done.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range paths {
				if args, err := os.ReadFile(path); err == nil { // else it has ended
					seen[string(args)] = true
				}
			}
		}
	})
	return func() string {
		cancel()
		done.Wait()
		var all strings.Builder
		for args := range seen {
			all.WriteString(strings.ReplaceAll(args, "\x00", " ") + "\n")
		}
		return all.String()
	}
}

// secrets are what a run is given to keep, by what they are.
type secrets map[string]string

// keyLines adds the lines of a key's file.
func (s secrets) keyLines(name, text string) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		// The first line says what kind of key it is.
		if i > 1 && len(line) > 40 && !strings.HasPrefix(line, "---") {
			s[fmt.Sprintf("%s, line %d", name, i)] = line
		}
	}
}

// No secret is in an argument list, in a log, or in a file that is not its own.
func TestSecretsAreNowhereElse(t *testing.T) {
	w := newWorld(t)
	s := secrets{"passphrase": w.canary("passphrase"), "token": w.canary("token"), "value": w.canary("value"), "second line": w.canary("second")}
	original := w.Read(w.Lab.DeployKeyPath())
	key := w.File(original)
	w.Tool("ssh-keygen", "-q", "-p", "-P", "", "-N", s["passphrase"], "-f", key)
	s.keyLines("key", original)
	s.keyLines("locked key", w.Read(key))
	access := []string{keySetting + key, "SLIPWAY_SSH_PASSPHRASE=" + s["passphrase"], "SLIPWAY_GIT_TOKEN=" + s["token"], "SLIPWAY_VERBOSE=2"}
	given := append(w.env("GREETING="+s["value"]+"\nOTHER<<END\nfirst\n"+s["second line"]+"\nEND\n"),
		`SLIPWAY_BEFORE_ACTIVATE=bin/shop eval 'import os; print("the hook sees", os.environ["GREETING"])'; sleep 2`)
	given = append(given, access...)

	stop := w.processes()
	good := w.Artifact(1, light.Way{})
	log := w.OK(world.DeployOf(good, given...)...).Said()
	failed := w.Slipway(world.DeployOf(w.bad(), given...)...)
	w.Red(1, failed, "put back")
	log += failed.Said() + w.OK(append(access, "rollback", "--release-id", string(good))...).Said()
	seen := stop()
	w.greets(good, s["value"])

	w.Says(seen, "sh -s --", "deploy --release-id", "sleep 2", "launch") // they were looked at
	w.Says(log, "the hook sees ***")
	w.areKept(s, seen, log)
}

// areKept looks for secrets where they must not be, and where they must.
func (w *webHost) areKept(s secrets, processes, log string) {
	w.Helper()
	for name, secret := range s {
		if strings.Contains(processes, secret) {
			w.Errorf("%s was in a process list", name)
		}
		if strings.Contains(log, secret) {
			w.Errorf("%s is in the log", name)
		}
		delivered := name == "value" || name == "second line"
		found := w.find(secret)
		for _, path := range found {
			own := strings.HasPrefix(path, base+"/activations/") && strings.HasSuffix(path, "/environment")
			if !own || !delivered {
				w.Errorf("%s is in %s", name, path)
			}
		}
		if delivered && len(found) == 0 {
			w.Errorf("%s is nowhere on the host: was it looked for?", name)
		}
	}
}

// find lists the host's files, and its log, that have a text in them.
func (w *webHost) find(text string) []string {
	w.Helper()
	out, err := w.host.Run(w.Context(), strings.NewReader(text), "sh", "-c", `umask 077; mkdir -p /dev/shm/look && cat >/dev/shm/look/for
		find /opt /tmp /var /run /home /root /etc -xdev -type f -exec grep -laF -f /dev/shm/look/for {} +
		find /run /tmp -type f -exec grep -laF -f /dev/shm/look/for {} +
		journalctl --no-pager --output=export | grep -qaF -f /dev/shm/look/for && echo journal
		rm -r /dev/shm/look; true`)
	w.Must(err)
	return strings.Fields(out)
}
