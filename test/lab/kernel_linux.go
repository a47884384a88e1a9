package lab

import "syscall"

func mountOverlay(target, options string) error {
	return syscall.Mount("overlay", target, "overlay", 0, options)
}

// unmount takes the mount point away at once, even if something still has files open in it.
func unmount(point string) error { return syscall.Unmount(point, syscall.MNT_DETACH) }

// contained is for a program whose children and mounts are to end with it, and which is to end with this process.
// The kernel watches the thread that starts it: see runtime.LockOSThread.
func contained() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
}
