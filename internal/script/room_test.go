package script

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// mounted mounts a file system in memory on a directory of the site.
func (s *site) mounted(size string, parts ...string) {
	s.t.Helper()
	if os.Getuid() != 0 {
		if os.Getenv("CI") == "true" {
			s.t.Fatal("this test must run in CI, and needs root")
		}
		s.t.Skip("only root may mount a file system")
	}
	must(s.t, os.MkdirAll(s.path(parts...), 0o755))
	must(s.t, syscall.Mount("tmpfs", s.path(parts...), "tmpfs", 0, "size="+size))
	s.t.Cleanup(func() { syscall.Unmount(s.path(parts...), syscall.MNT_DETACH) })
}

// The releases may be on another file system than the rest, and a release on another one
// than the next, if somebody has moved it and left a mount in its place.
func TestADeltaWorksAcrossFileSystems(t *testing.T) {
	t.Parallel()
	for name, mount := range map[string][]string{"the releases": {"releases"}, "the lists": {".slipway", "releases"}, "the base": {"releases", string(r1)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := onBase{site: newSite(t)}
			o.mounted("4m", mount...)
			o.fill(name == "the base")
			must(t, o.stageDelta())
			o.has(o.after, o.contents)
			o.has(o.before, o.base)
		})
	}
}

func TestADeltaWithoutRoomLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]int64{"for the copy": 0, "for what comes": 300 << 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := onBase{site: newSite(t)}
			o.mounted("1m", "releases")
			o.fill(false)
			o.contents["more"] = content{text: strings.Repeat("0123456789abcdef", 700<<6), mode: 0o644}
			o.after = manifestOf(r2, o.contents)
			filler := o.path("releases", "filler")
			if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			info, err := os.Stat(filler)
			must(t, err)
			must(t, os.Truncate(filler, info.Size()-free))
			if err := o.stageDelta(); !errors.As(err, new(*Unfit)) || !strings.Contains(err.Error(), "is the disk full?") {
				t.Errorf("%v", err)
			}
			if left := o.entries("releases"); !slices.Equal(left, []string{string(r1), "filler"}) {
				t.Errorf("it left %q", left)
			}
			o.has(o.before, o.base)
		})
	}
}
