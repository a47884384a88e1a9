package console

import "syscall"

// controlled makes a program the leader of a session whose terminal is its stdin.
func controlled() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true, Setctty: true} }
