package power

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"
)

// disk is a file system that can lose its power.
type disk struct {
	device *os.File
	at     string   // where it is mounted
	top    *os.File // open while it is mounted
}

const diskSize = 64 << 20

// newDisk makes a file system and mounts it.
func newDisk(at string) (*disk, error) {
	file, err := os.CreateTemp(place, "disk-")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := errors.Join(os.Remove(file.Name()), file.Truncate(diskSize), os.MkdirAll(at, 0o755)); err != nil {
		return nil, err
	}
	device, err := openLoop(file)
	if err != nil {
		return nil, err
	}
	d := &disk{device: device, at: at}
	err = run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", device.Name())
	if err := errors.Join(err, d.mount()); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

// mount takes away what ext4 does for programs that rename without syncing;
// other file systems do not do it.
func (d *disk) mount() error {
	err := syscall.Mount(d.device.Name(), d.at, "ext4", 0, "noauto_da_alloc")
	if err != nil {
		return fmt.Errorf("mount %s: %w", d.at, err)
	}
	d.top, err = os.Open(d.at)
	return err
}

// unmount waits for the last of what a script has started.
func (d *disk) unmount() error {
	d.top.Close()
	for range 250 {
		if err := syscall.Unmount(d.at, 0); !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("something still uses %s", d.at)
}

// remount is the power coming back: the file system is checked, as machines do when
// they boot, which also replays the journal.
func (d *disk) remount() error {
	err := run("e2fsck", "-fp", d.device.Name())
	// 1: errors were corrected.
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		err = nil
	}
	return errors.Join(err, d.mount())
}

func (d *disk) remove() error {
	return errors.Join(d.unmount(), d.device.Close(), os.RemoveAll(d.at))
}

// how is what becomes of the journal at a cut.
type how uint32

// As ext4.h names them.
const (
	flushed  how = 0 // everything is on the disk
	logFlush how = 1 // the journal is, but not the data that it does not know of yet
	noFlush  how = 2 // nothing that was not there already
	apart    how = 3 // logFlush, and noFlush where the releases have a file system of their own
)

func (h how) String() string {
	return [...]string{"all written", "journal written", "nothing written", "apart"}[h]
}

// of is how the i-th file system of a host is cut.
func (h how) of(i int) how {
	switch {
	case h != apart:
		return h
	case i == 0:
		return logFlush
	}
	return noFlush
}

const ext4Shutdown = 0x8004587d

func (d *disk) cut(h how) error {
	_, err := ioctl(d.top, ext4Shutdown, unsafe.Pointer(&h))
	return err
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
