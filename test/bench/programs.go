package main

import (
	"bufio"
	"cmp"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// programs says what strace saw on a host.
type programs struct {
	Started int // programs below the sessions' shells
	Forks   int // new processes of the sessions' shells and below them
	Shells  int // sessions' shells
	Login   int // programs that sshd and PAM start before that
}

// The calls as strace prints them with --decode-pids=pidns. A call that another
// process interrupts comes in two lines.
var (
	callLine   = regexp.MustCompile(`^(\d+) +(execve|clone|clone3|vfork|fork)\((.*)$`)
	resumeLine = regexp.MustCompile(`^(\d+) +<\.\.\. (?:execve|clone|clone3|vfork|fork) resumed>(.*)$`)
	result     = regexp.MustCompile(`\) += (\d+)(?: /\* (\d+) in strace's PID NS \*/)?$`)
	program    = regexp.MustCompile(`^"([^"]*)"`)
)

const unfinished = " <unfinished ...>"

// sessionShell is the login shell of the user who deploys.
const sessionShell = "/bin/bash"

// trace is what strace has seen, in its order.
type trace struct {
	calls   []call
	parent  map[string]string // by process
	pending map[string]string // the first half of a call, by process
}

// call is a program that a process becomes, or a process that it makes.
type call struct{ pid, program, child string }

// countPrograms reads what strace has written.
func countPrograms(r io.Reader) (programs, error) {
	t := trace{parent: map[string]string{}, pending: map[string]string{}}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		t.line(s.Text())
	}
	return t.count(), s.Err()
}

func (t *trace) line(text string) {
	if m := resumeLine.FindStringSubmatch(text); m != nil {
		t.call(m[1], t.pending[m[1]]+m[2])
		delete(t.pending, m[1])
		return
	}
	m := callLine.FindStringSubmatch(text)
	if m == nil {
		return
	}
	if first, cut := strings.CutSuffix(m[3], unfinished); cut {
		t.pending[m[1]] = m[2] + " " + first
		return
	}
	t.call(m[1], m[2]+" "+m[3])
}

func (t *trace) call(pid, text string) {
	name, args, _ := strings.Cut(text, " ")
	r := result.FindStringSubmatch(args)
	switch {
	case r == nil, strings.Contains(args, "CLONE_THREAD"):
		return // it failed, or the process was killed in it; a thread is no process
	case name == "execve":
		c := call{pid: pid, program: "unknown"}
		if path := program.FindStringSubmatch(args); path != nil {
			c.program = path[1]
		}
		t.calls = append(t.calls, c)
		return
	}
	child := cmp.Or(r[2], r[1])
	t.parent[child] = pid
	t.calls = append(t.calls, call{pid: pid, child: child})
}

// count needs the whole trace: a child may be seen before its parent's call
// returns.
func (t *trace) count() (n programs) {
	shells := map[string]bool{}
	for _, c := range t.calls {
		switch below := t.hasAbove(c.pid, shells); {
		case c.child != "" && below:
			n.Forks++
		case c.child != "":
		case shells[c.pid] && path.Base(c.program) == "sh":
			// The login shell has become the shell that it was asked for.
		case below:
			n.Started++
		case c.program == sessionShell:
			shells[c.pid] = true
			n.Shells++
		default:
			n.Login++
		}
	}
	return n
}

// hasAbove reports whether a process, or one that it descends from, is one of
// these.
func (t *trace) hasAbove(pid string, these map[string]bool) bool {
	for pid != "" && !these[pid] {
		pid = t.parent[pid]
	}
	return pid != ""
}

// number returns a number of a file of /proc that has lines "Name: number".
func number(text, name string) int {
	_, rest, _ := strings.Cut("\n"+text, "\n"+name+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	return n
}
