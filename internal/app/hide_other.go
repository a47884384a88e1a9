//go:build !linux

package app

// HideProcess does nothing: only Linux can hide a process from others of the same
// user.
func HideProcess() {}
