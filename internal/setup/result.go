package setup

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Result is the result of a setup.
type Result struct {
	Check     bool
	Cancelled bool
	Hosts     []Host // in the order in which they were named
	Took      time.Duration
}

// Host is the result on one server.
type Host struct {
	Name    string
	Outcome Outcome
	Changed int // changes that were made, or would have been made but for the check
	OK      int // tasks that succeeded, with or without a change
	Tasks   []Task
}

// Outcome says how the setup of a server ended. Programs read it.
type Outcome string

const (
	Ready       Outcome = "ready" // nothing had to be changed
	Changed     Outcome = "changed"
	WouldChange Outcome = "would-change" // in a check
	Failed      Outcome = "failed"
	NotReached  Outcome = "not-reached"
	NotFinished Outcome = "not-finished" // the run ended first
)

// Status says how a task ended.
type Status string

const (
	TaskChanged     Status = "changed"
	TaskFailed      Status = "failed"
	TaskUnreachable Status = "unreachable"
)

// Task is a task that changed something, failed, or could not reach its server.
type Task struct {
	Name    string `json:"task"`
	Role    string
	Action  string
	Status  Status
	Ignored bool // the failure was expected
	Message string
	Diff    []Diff
}

// Diff is a change of one thing, usually a file.
type Diff struct{ Header, Before, After string }

// Title returns the name of the task with its role.
func (t Task) Title() string {
	if t.Role == "" {
		return t.Name
	}
	return t.Role + ": " + t.Name
}

// noticed begins what a role says of something that it could not do, and that the server is
// ready without.
const noticed = "notice: "

// Notice returns what a role has to say though nothing is wrong, or "".
func (t Task) Notice() string {
	text, found := strings.CutPrefix(t.Message, noticed)
	if !t.Ignored || !found {
		return ""
	}
	return text
}

// Bad reports whether the task kept the server from being set up.
func (t Task) Bad() bool {
	return !t.Ignored && (t.Status == TaskFailed || t.Status == TaskUnreachable)
}

// Changes returns the number of changes on all servers.
func (r Result) Changes() int {
	n := 0
	for _, h := range r.Hosts {
		n += h.Changed
	}
	return n
}

// fate describes a run as a whole.
type fate struct {
	check  bool
	failed bool
	broken bool // failures on some hosts ended a play for all
}

// outcomes returns the results on the servers to set up. Each server is given with
// Ansible's name and the name for people.
func outcomes(names [][2]string, tasks map[string][]Task, stats map[string]numbers, f fate) []Host {
	var hosts []Host
	for _, name := range names {
		h := Host{Name: name[1], Tasks: tasks[name[0]]}
		for _, task := range h.Tasks {
			if task.Status == TaskChanged {
				h.Changed++
			}
		}
		n, finished := stats[name[0]]
		h.OK = n.OK
		h.Outcome = outcome(h, n, finished, f)
		hosts = append(hosts, h)
	}
	return hosts
}

func outcome(h Host, n numbers, finished bool, f fate) Outcome {
	isBad := func(s Status) bool {
		return slices.ContainsFunc(h.Tasks, func(t Task) bool { return t.Bad() && t.Status == s })
	}
	switch {
	case n.Failed > 0 || isBad(TaskFailed):
		return Failed
	case n.Unreachable > 0 || isBad(TaskUnreachable):
		return NotReached
	case !finished && len(h.Tasks) == 0:
		return NotReached
	case !finished || f.failed && f.broken:
		return NotFinished
	case h.Changed > 0 && f.check:
		return WouldChange
	case h.Changed > 0:
		return Changed
	}
	return Ready
}

// failure returns an error if a run failed: with what failed on each server, or
// with Ansible's own complaint. An exit status of 0 is not enough: every server
// must be in the results.
func (r Result) failure(err error, complaint string) error {
	var lines []string
	missing := 0
	for _, h := range r.Hosts {
		for _, task := range h.Tasks {
			if task.Bad() {
				lines = append(lines, fmt.Sprintf("%s: %s: %s", h.Name, task.Title(), task.Message))
			}
		}
		if h.Outcome == NotReached || h.Outcome == NotFinished || h.Outcome == Failed {
			missing++
		}
	}
	switch {
	case err == nil && missing == 0 && len(r.Hosts) > 0:
		return nil
	case len(lines) > 0:
		return errors.New(strings.Join(lines, "\n"))
	case err == nil:
		return errors.New("ansible-playbook succeeded, but does not say that it set up all servers: see the log")
	}
	return fmt.Errorf("ansible-playbook: %w: %s", err, cmp.Or(complaint, "see the log"))
}
