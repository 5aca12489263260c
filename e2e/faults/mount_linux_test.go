package faults

import (
	"fmt"
	"syscall"
)

// mountMemory makes a directory a disk of so many bytes.
func mountMemory(dir string, size int64) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

// unmount undoes it, even where files are open.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
