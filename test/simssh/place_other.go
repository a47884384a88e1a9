//go:build !linux

package simssh

import (
	"errors"
	"os/exec"
	"syscall"
)

type place struct{}

func newPlace() (*place, error) { return nil, errors.New("simulated hosts need Linux") }

func (*place) start(*exec.Cmd) error { return errors.New("simulated hosts need Linux") }

func (*place) end() {}

func ownSession() *syscall.SysProcAttr { return nil }
