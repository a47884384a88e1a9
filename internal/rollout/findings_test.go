package rollout

import (
	"errors"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

const (
	id1 = release.ID("20240101T000000")
	id2 = release.ID("20240102T000000")
)

var plan = Plan{Layout: release.Layout{Base: "/opt/apxr/apxr_io"}, Unit: "apxr_io.service"}

// good is a host on which a deploy would work.
func good() script.Inspection {
	return script.Inspection{
		Service:  script.Service{Load: "loaded", Active: "active", Current: id1, Running: id1},
		OS:       "Linux",
		Arch:     "x86_64",
		User:     "deploy",
		BaseKind: "dir", CurrentKind: "link",
		FreeKiB: 1 << 20, FreeInodes: 10_000,
		Releases: []release.ID{id1},
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*script.Inspection)
		say   []string // nothing: no finding
	}{
		"a good host":         {func(*script.Inspection) {}, nil},
		"never deployed":      {func(in *script.Inspection) { in.CurrentKind, in.Current, in.Active = "none", "", "inactive" }, nil},
		"no directory":        {func(in *script.Inspection) { in.BaseKind = "none" }, []string{"/opt/apxr/apxr_io is not there: run the setup phase"}},
		"not writable":        {func(in *script.Inspection) { in.Unwritable = []string{"/opt/apxr/apxr_io/releases"} }, []string{"/opt/apxr/apxr_io/releases must be a directory that deploy can write"}},
		"no unit":             {func(in *script.Inspection) { in.Load = "not-found" }, []string{"there is no unit apxr_io.service (systemd says not-found)"}},
		"no sudo rules":       {func(in *script.Inspection) { in.NotAllowed = []string{"restart", "stop"} }, []string{"'sudo systemctl restart apxr_io.service'", "'sudo systemctl stop apxr_io.service'"}},
		"current a directory": {func(in *script.Inspection) { in.CurrentKind = "dir" }, []string{"/opt/apxr/apxr_io/current is not a link"}},
		"current elsewhere":   {func(in *script.Inspection) { in.Current = "" }, []string{"points to something else than a release"}},
		"current dangling":    {func(in *script.Inspection) { in.Releases = nil }, []string{"points to release 20240101T000000, which is not there"}},
		"a foreign service": {
			func(in *script.Inspection) { in.CurrentKind, in.Current, in.Running = "none", "", "" },
			[]string{"apxr_io.service runs although there is no /opt/apxr/apxr_io/current"},
		},
		"several": {
			func(in *script.Inspection) { in.Load, in.CurrentKind = "masked", "other" },
			[]string{"is not a link", "there is no unit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := good()
			c.spoil(&in)
			says(t, findings(in, plan), c.say)
		})
	}
}

func TestRoomFor(t *testing.T) {
	t.Parallel()
	m := release.Manifest{OS: "Linux", Arch: "x86_64", Files: []release.File{{Size: 100 << 20}, {Size: 28 << 20}}}
	for name, c := range map[string]struct {
		spoil func(*script.Inspection)
		say   []string
	}{
		"enough":                     {func(*script.Inspection) {}, nil},
		"another architecture":       {func(in *script.Inspection) { in.Arch = "aarch64" }, []string{"built for Linux x86_64, and this host is Linux aarch64"}},
		"too little disk":            {func(in *script.Inspection) { in.FreeKiB = 150 << 10 }, []string{"150 MiB are free where the release goes, and it needs 192"}},
		"too few inodes":             {func(in *script.Inspection) { in.FreeInodes = 101 }, []string{"101 inodes are free where the release goes, and it needs 102"}},
		"a file system without them": {func(in *script.Inspection) { in.FreeInodes = 0 }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := good()
			c.spoil(&in)
			says(t, roomFor(m, in), c.say)
		})
	}
}

// says checks that there is one error for each text, in this order.
func says(t *testing.T, errs []error, want []string) {
	t.Helper()
	if len(errs) != len(want) {
		t.Fatalf("%d findings, want %d: %v", len(errs), len(want), errors.Join(errs...))
	}
	for i, err := range errs {
		if !strings.Contains(err.Error(), want[i]) {
			t.Errorf("%q does not say %q", err, want[i])
		}
	}
}
