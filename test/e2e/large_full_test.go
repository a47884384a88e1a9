//go:build full

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A large release costs time and disk, and not memory in proportion: what is kept of it is
// its manifest.
func TestLargeReleases(t *testing.T) {
	for _, c := range []struct {
		name, makes string
		most        int64 // MiB of memory
	}{
		{"20,000 files", "mkdir -p priv/many && cd priv/many && seq 20000 | split -l 1 -a 5 -d - file-", 250},
		{"300 MB", "mkdir -p priv && for n in 1 2 3; do head -c 100000000 /dev/urandom >priv/large$n; done", 150},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newSite(t)
			id := strings.TrimSpace(w.peak(t, c.most, "build-release", "--revision", w.push("large"), "--before-release-file", w.File(c.makes)))
			w.peak(t, c.most, "deploy", "--release-id", id)
			w.peak(t, c.most, "deploy", "--release-id", id, "--dry-run")
		})
	}
}

// peak runs a verb, and checks how much memory it has had at most.
func (w *site) peak(t *testing.T, most int64, words ...string) (stdout string) {
	t.Helper()
	cmd := w.Command(words...)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v\n%s", words, err, &said)
	}
	used := usage(cmd)
	t.Logf("%s: %.1f s, of them %.1f s of this machine's processor, %d MiB of memory\n%s", words[0], time.Since(began).Seconds(),
		(time.Duration(used.Utime.Nano()) + time.Duration(used.Stime.Nano())).Seconds(), used.Maxrss>>10, &said)
	if used.Maxrss>>10 > most {
		t.Errorf("%s took %d MiB of memory", words[0], used.Maxrss>>10)
	}
	return out.String()
}

func usage(cmd *exec.Cmd) *syscall.Rusage {
	return cmd.ProcessState.SysUsage().(*syscall.Rusage)
}
