package script

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Service is what can be seen of a unit and of the release that it runs.
type Service struct {
	Load, Active, Sub, Result string // as systemctl show prints them
	Restarts                  int    // automatic restarts since the unit was started by hand
	PID                       int    // of the main process; 0: none
	Running                   release.ID
	Current                   release.ID // what the link current names
	Now                       int64      // the host's own clock, in seconds
}

func (s *Service) fact(key, value string) {
	switch key {
	case "load":
		s.Load = value
	case "active":
		s.Active = value
	case "sub":
		s.Sub = value
	case "result":
		s.Result = value
	case "restarts":
		s.Restarts, _ = strconv.Atoi(value) // an old systemd has no such property
	case "pid":
		s.PID, _ = strconv.Atoi(value)
	case "now":
		s.Now, _ = strconv.ParseInt(value, 10, 64)
	case "running":
		s.Running = release.ID(value)
	case "current":
		s.Current = release.ID(value)
	}
}

// Inspection is everything that a plan needs to know of a host.
type Inspection struct {
	Service
	OS, Arch    string // as uname says
	User        string // who Slipway is on the host
	BaseKind    string // none, dir, link or other
	CurrentKind string
	Unwritable  []string // directories that the user should be able to write
	NotAllowed  []string // systemctl verbs that sudo does not allow
	FreeKiB     int64
	FreeInodes  int64 // 0 on file systems that have no fixed number
	Releases    []release.ID
	Leftovers   []string
	Change      *release.Change // the change record of a run that died
	History     release.History
}

// Inspect looks at a host and changes nothing.
func Inspect(ctx context.Context, m Machine, l release.Layout, unit string, log io.Writer) (Inspection, error) {
	var in Inspection
	var history []string
	err := call{
		script: "inspect", libs: []string{"service"}, log: log,
		args: args{{"base", l.Base}, {"unit", unit}},
		onFact: func(key, value string) {
			switch key {
			case "os":
				in.OS = value
			case "arch":
				in.Arch = value
			case "user":
				in.User = value
			case "base":
				in.BaseKind = value
			case "current_kind":
				in.CurrentKind = value
			case "unwritable":
				in.Unwritable = append(in.Unwritable, value)
			case "not_allowed":
				in.NotAllowed = append(in.NotAllowed, value)
			case "free_kib":
				in.FreeKiB, _ = strconv.ParseInt(value, 10, 64)
			case "free_inodes":
				in.FreeInodes, _ = strconv.ParseInt(value, 10, 64) // "-" where there is no fixed number
			case "release":
				in.Releases = append(in.Releases, release.ID(value))
			case "leftover":
				in.Leftovers = append(in.Leftovers, value)
			case "change":
				if record := release.ParseHistory([]string{value}); len(record) == 1 {
					in.Change = &record[0]
				}
			case "history":
				history = append(history, value)
			default:
				in.Service.fact(key, value)
			}
		},
	}.run(ctx, m)
	in.History = release.ParseHistory(history)
	return in, err
}

// Probe says what a unit runs now.
func Probe(ctx context.Context, m Machine, l release.Layout, unit string) (Service, error) {
	var s Service
	err := call{
		script: "probe", libs: []string{"service"},
		args:   args{{"base", l.Base}, {"unit", unit}},
		onFact: s.fact,
	}.run(ctx, m)
	return s, err
}

// Stage unpacks a release from a gzipped tar beside the others, verifies it
// against the lists in its metadata directory, and renames it into place.
func Stage(ctx context.Context, m Machine, l release.Layout, id release.ID, tar io.Reader, log io.Writer) error {
	return call{
		script: "stage", libs: []string{"inventory", "verify"}, log: log, input: tar,
		args: args{{"base", l.Base}, {"id", string(id)}},
	}.run(ctx, m)
}

// Recheck verifies a release that lies on the host already.
func Recheck(ctx context.Context, m Machine, l release.Layout, id release.ID, log io.Writer) error {
	return call{
		script: "recheck", libs: []string{"inventory", "verify"}, log: log,
		args: args{{"base", l.Base}, {"id", string(id)}},
	}.run(ctx, m)
}

// Activate makes a release current and restarts the unit; an empty ID means no
// release and a stopped unit. The record is written first; nil leaves the one
// that is there.
func Activate(ctx context.Context, m Machine, l release.Layout, unit string, id release.ID, record *release.Change, log io.Writer) error {
	line := ""
	if record != nil {
		var err error
		if line, err = record.JSON(); err != nil {
			return err
		}
	}
	return call{
		script: "activate", libs: []string{"service"}, log: log,
		args: args{{"base", l.Base}, {"unit", unit}, {"id", string(id)}, {"record", line}},
	}.run(ctx, m)
}

// Conclude writes a change into the history and removes the change record.
func Conclude(ctx context.Context, m Machine, l release.Layout, c release.Change) error {
	line, err := c.JSON()
	if err != nil {
		return err
	}
	return call{script: "conclude", args: args{{"base", l.Base}, {"line", line}}}.run(ctx, m)
}

// Forget removes the change record of a change that is in the history already.
func Forget(ctx context.Context, m Machine, l release.Layout) error {
	return call{script: "conclude", args: args{{"base", l.Base}, {"line", ""}}}.run(ctx, m)
}

// Prune removes releases and what dead runs left, and returns the
// releases that are gone.
func Prune(ctx context.Context, m Machine, l release.Layout, ids []release.ID) (removed []release.ID, err error) {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	err = call{
		script: "prune",
		args:   args{{"base", l.Base}, {"ids", strings.Join(words, " ")}},
		onFact: func(_, value string) { removed = append(removed, release.ID(value)) },
	}.run(ctx, m)
	return removed, err
}

// UnitLog returns the last lines of the unit log since a time, in seconds of
// the host's own clock.
func UnitLog(ctx context.Context, m Machine, unit string, since int64, most int) ([]string, error) {
	var lines []string
	err := call{
		script: "unitlog",
		args:   args{{"unit", unit}, {"since", strconv.FormatInt(since, 10)}},
		onFact: func(_, value string) { lines = append(lines, value) },
	}.run(ctx, m)
	return slices.Clone(lines[max(0, len(lines)-most):]), err
}
