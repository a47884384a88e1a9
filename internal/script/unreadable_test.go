package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// asAnybody makes the modes of files count for root too: as any user, the scripts of the
// site may not read what its owner may not read.
func (s *site) asAnybody() {
	if os.Geteuid() != 0 {
		return
	}
	setpriv, err := exec.LookPath("setpriv")
	must(s.t, err)
	sh, err := exec.LookPath("sh")
	must(s.t, err)
	s.command("sh", "exec "+setpriv+" --bounding-set=-dac_override,-dac_read_search "+sh+` "$@"`)
}

// hidden makes a file or directory of the site unreadable until the test ends.
func (s *site) hidden(path string) {
	info, err := os.Stat(path)
	must(s.t, err)
	must(s.t, os.Chmod(path, 0))
	s.t.Cleanup(func() { os.Chmod(path, info.Mode()) })
}

// Where a list cannot be read, nothing may pass for an empty one: a host without a
// history has nothing to roll back to, and one without a change record needs no repair.
func TestWhatCannotBeReadIsNotEmpty(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"releases", "activations", ".slipway/releases", ".slipway/history.jsonl", ".slipway/change", ".slipway/fence"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			s, _ := full(t)
			s.write("x", ".slipway", "releases", string(r1), "manifest.json")
			s.asAnybody()
			s.inspect()
			s.hidden(s.path(place))
			_, err := s.host(nil).Inspect(t.Context(), s.look())
			wantReason(t, err, " cannot read "+s.path(place)+": run the setup phase, or 'chown ")
		})
	}
}

func TestArtifactsThatCannotBeReadAreNotNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.writeHome("x", ArtifactDir(app, r1), "manifest.json")
	s.asAnybody()
	dir := filepath.Dir(filepath.Join(s.home, ArtifactDir(app, r1)))
	s.hidden(dir)
	_, err := s.store().List(t.Context())
	wantReason(t, err, "cannot read "+s.home)
	_, err = s.store().Sweep(t.Context(), 0, 0, "")
	wantReason(t, err, "cannot read "+s.home)
}

// A release from which a process runs is not removed because the search for it failed.
func TestNothingIsPrunedIfTheSearchForProcessesFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "releases", string(r1), "f")
	s.command("grep", "echo 'grep: out of memory' >&2; exit 2")
	_, err := s.host(nil).Prune(t.Context(), []release.ID{r1}, nil)
	wantReason(t, err, "cannot find out which releases processes run from")
	if entries := s.entries("releases"); strings.Join(entries, " ") != string(r1) {
		t.Errorf("%q", entries)
	}
}

// systemd makes up the user of a unit with DynamicUser=, and id knows nothing of it.
func TestAUserWhomTheHostDoesNotKnowHasNoGroups(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	s.write("no-such-user", "User")
	in := s.inspect()
	if len(in.Uses) != 1 || in.Uses[0].User != "no-such-user" || in.Uses[0].Groups != nil || in.Uses[0].How != "launch" {
		t.Errorf("%+v", in.Uses)
	}
}
