package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// runs makes the site's unit run a process with these arguments: BASE in them stands for
// the application's directory.
func (s *site) runs(args ...string) {
	s.t.Helper()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "BASE", s.Base)
	}
	cmd := &exec.Cmd{Path: "/bin/sh", Args: append([]string{args[0], "-c", "read -r end"}, args[1:]...)}
	in, err := cmd.StdinPipe()
	must(s.t, err)
	must(s.t, cmd.Start())
	s.t.Cleanup(func() { in.Close(); cmd.Wait() })
	s.write(strconv.Itoa(cmd.Process.Pid)+"\n", "MainPID")
}

const vm = "BASE/releases/" + string(r1) + "/erts-1.0/bin/beam.smp"

// The usual case starts no program; all others find the release, too.
func TestTheRunningReleaseIsFound(t *testing.T) {
	t.Parallel()
	other := "BASE/releases/" + string(r2)
	for name, c := range map[string]struct {
		args    []string
		want    release.ID
		started bool
	}{
		"a VM":                        {args: []string{vm, "-setcookie", "x"}, want: r1},
		"a line break":                {args: []string{vm, "a\n" + other + "/b"}, want: r1},
		"a script before that":        {args: []string{"/bin/sh", "BASE/launch", "bin/app", "start"}},
		"another shell":               {args: []string{"sh", vm}, want: r1, started: true},
		"the VM of the system":        {args: []string{"/usr/lib/erlang/erts-1.0/bin/beam.smp", "-boot", other + "/releases/1/start"}, want: r2, started: true},
		"a line break at first":       {args: []string{"sh\n", other + "/lib"}, want: r2, started: true},
		"its directory as first word": {args: []string{"BASE/releases/" + string(r1), other + "/lib"}, want: r2, started: true},
		"no ID":                       {args: []string{"BASE/releases/lost+found/erts-1.0/bin/beam.smp", other + "/lib"}, want: r2, started: true},
		"a longer ID":                 {args: []string{"BASE/releases/" + string(r1) + "x/erts-1.0/bin/beam.smp"}, started: true},
		"a relative path":             {args: []string{string(r1) + "/erts-1.0/bin/beam.smp"}},
		"another directory":           {args: []string{"/srv" + vm}, started: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.recorded()
			s.runs(c.args...)
			in := s.inspect()
			if got := slices.Contains(s.started(), "tr"); in.Running() != c.want || got != c.started {
				t.Errorf("%q runs, tr started: %v; want %q, %v", in.Running(), got, c.want, c.started)
			}
		})
	}
}

// A start script runs for a moment before the VM does.
func TestAStartScriptIsItsRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.recorded()
	script := s.path("releases", string(r2), "bin/app")
	s.write("#!/bin/sh\nread -r end\n", "releases", string(r2), "bin", "app")
	must(t, os.Chmod(script, 0o755))
	cmd := exec.Command(script, "start")
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	defer cmd.Wait()
	defer in.Close()
	s.write(strconv.Itoa(cmd.Process.Pid)+"\n", "MainPID")
	if in := s.inspect(); in.Running() != r2 || slices.Contains(s.started(), "tr") {
		t.Errorf("%q runs; started: %q", in.Running(), s.started())
	}
}

func TestTheRunningReleaseIsFoundBelowALink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.recorded()
	disk := filepath.Join(filepath.Dir(s.home), "disk")
	must(t, os.Rename(s.path("releases"), disk))
	must(t, os.Symlink(disk, s.path("releases")))
	s.runs(filepath.Join(disk, string(r1), "erts-1.0/bin/beam.smp"))
	if in := s.inspect(); in.Running() != r1 || slices.Contains(s.started(), "tr") {
		t.Errorf("%q runs; started: %q", in.Running(), s.started())
	}
}

// Nothing is said about a process that has ended since systemd named it.
func TestAnEndedProcessRunsNoRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ended := exec.Command("true")
	must(t, ended.Run())
	s.write(strconv.Itoa(ended.Process.Pid)+"\n", "MainPID")
	var log strings.Builder
	in, err := s.host(&log).Inspect(t.Context(), s.look())
	must(t, err)
	if in.Running() != "" || log.Len() > 0 {
		t.Errorf("%q runs; the log has %q", in.Running(), log.String())
	}
}
