package setup

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Result is what became of a setup.
type Result struct {
	Check     bool
	Cancelled bool
	Hosts     []Host // in the order in which they were named
	Took      time.Duration
}

// Host is what became of a server.
type Host struct {
	Name    string
	Outcome Outcome
	Changed int // changes that were made, or that a check would make
	OK      int // tasks that were well, changes among them
	Tasks   []Task
}

// Outcome is what became of a server, in one word for programs.
type Outcome string

const (
	Ready       Outcome = "ready" // nothing had to be changed
	Changed     Outcome = "changed"
	WouldChange Outcome = "would-change" // a check
	Failed      Outcome = "failed"
	NotReached  Outcome = "not-reached"
	NotFinished Outcome = "not-finished" // the run ended before
)

// Status is how a task ended.
type Status string

const (
	TaskChanged     Status = "changed"
	TaskFailed      Status = "failed"
	TaskUnreachable Status = "unreachable"
)

// Task is one that changed something, failed, or could not reach its server.
type Task struct {
	Name    string `json:"task"`
	Role    string
	Action  string
	Status  Status
	Ignored bool // the failure was expected
	Message string
	Diff    []Diff
}

// Diff is a change of one thing, mostly a file.
type Diff struct{ Header, Before, After string }

// Title is the task with its role.
func (t Task) Title() string {
	if t.Role == "" {
		return t.Name
	}
	return t.Role + ": " + t.Name
}

// Bad reports whether the task is why the server is not set up.
func (t Task) Bad() bool {
	return !t.Ignored && (t.Status == TaskFailed || t.Status == TaskUnreachable)
}

// Changes is how many changes there are on all servers.
func (r Result) Changes() int {
	n := 0
	for _, h := range r.Hosts {
		n += h.Changed
	}
	return n
}

// fate is what is known of a run as a whole.
type fate struct {
	check  bool
	failed bool
	broken bool // a play has ended for all hosts because of some
}

// outcomes are those of the servers that were meant, given as Ansible's names and
// people's.
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

// failure is why a run was not well: what failed on each server, or what Ansible
// itself complained of. That it ended well is not enough: every server has to
// have been there.
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
		return errors.New("ansible-playbook ended well, and does not say that it set up all servers: see the log")
	}
	return fmt.Errorf("ansible-playbook: %w: %s", err, cmp.Or(complaint, "see the log"))
}
