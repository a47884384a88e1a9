package app

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// HideProcess closes this process's environment, memory and open files to other
// processes of the same user, and turns core dumps off. It comes first in a main
// function, before any child: os.Unsetenv leaves secrets in the block that
// /proc/PID/environ shows. Each child that executes a program can be read again.
//
// If the kernel refuses, HideProcess ends the program.
func HideProcess() {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "slipway: this process cannot be hidden from others of the same user: prctl:", err)
		os.Exit(exitFailed)
	}
}
