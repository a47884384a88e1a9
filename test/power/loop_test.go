package power

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// What the kernel's loop.h says.
const (
	loopControlGetFree = 0x4c82
	loopConfigure      = 0x4c0a
	loopAutoclear      = 4 // the device is free again once nobody has it open
)

type loopConfig struct {
	fd, blockSize                     uint32
	device, inode, rdevice            uint64
	offset, sizeLimit                 uint64
	number, encryption, keySize, flag uint32
	names                             [160]byte
	init                              [2]uint64
	reserved                          [8]uint64
}

func ioctl(f *os.File, request uintptr, arg unsafe.Pointer) (int, error) {
	n, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(arg))
	if errno != 0 {
		return 0, fmt.Errorf("ioctl %#x of %s: %w", request, f.Name(), errno)
	}
	return int(n), nil
}

// openLoop makes a block device of a file. It is gone when it is closed and
// nothing is mounted from it.
func openLoop(file *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	for range 20 {
		n, err := ioctl(control, loopControlGetFree, nil)
		if err != nil {
			return nil, err
		}
		device, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		config := loopConfig{fd: uint32(file.Fd()), flag: loopAutoclear}
		if _, err = ioctl(device, loopConfigure, unsafe.Pointer(&config)); err == nil {
			return device, nil
		}
		device.Close()
		if !errors.Is(err, syscall.EBUSY) { // somebody else was faster
			return nil, err
		}
	}
	return nil, errors.New("no loop device is free")
}
