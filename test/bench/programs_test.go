package main

import (
	"strings"
	"testing"
)

// The listener (70) makes a connection's process (80), which logs in and makes
// the session's (81). A child may be seen before its parent's call returns.
const seen = `70    clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 21 /* 80 in strace's PID NS */
80    execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-R"], 0x55 /* 5 vars */) = 0
80    clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SETTLS, exit_signal=0}, 88) = 22 /* 90 in strace's PID NS */
80    clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
81    execve("/bin/bash", ["bash", "-c", "ls | wc"], 0x55 /* 9 vars */ <unfinished ...>
80    <... clone resumed>, child_tidptr=0x7f) = 23 /* 81 in strace's PID NS */
81    <... execve resumed>)             = 0
81    clone(child_stack=NULL, flags=SIGCHLD) = 24 /* 82 in strace's PID NS */
81    vfork( <unfinished ...>
83    execve("/usr/local/bin/wc", ["wc"], 0x55 /* 9 vars */) = -1 ENOENT (No such file or directory)
83    execve("/usr/bin/wc", ["wc"], 0x55 /* 9 vars */) = 0
81    <... vfork resumed>)              = 25 /* 83 in strace's PID NS */
82    execve("/usr/bin/ls", ["ls"], 0x55 /* 9 vars */) = 0
82    execve("/bin/bash", ["bash"], 0x55 /* 9 vars */) = 0
82    execve("/bin/true", ["true"], 0x55 /* 9 vars */ <unfinished ...>
82    +++ killed by SIGKILL +++
80    clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 26 /* 84 in strace's PID NS */
84    execve("/usr/sbin/unix_chkpwd", ["unix_chkpwd"], 0x55 /* 1 var */) = 0
`

func TestProgramsAreToldApart(t *testing.T) {
	got, err := countPrograms(strings.NewReader(seen))
	want := programs{Started: 3, Forks: 2, Shells: 1, Login: 2}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestNumbersOfProc(t *testing.T) {
	const text = "Name:\tsshd\nTracerPid:\t12\nPss:                1234 kB\nPss_Dirty:            7 kB"
	for name, want := range map[string]int{"TracerPid": 12, "Pss": 1234, "Rss": 0, "Name": 0} {
		if got := number(text, name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
