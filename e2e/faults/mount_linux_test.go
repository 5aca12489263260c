package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// diskPrefix begins a disk's name, which ends with the id of its process.
const diskPrefix = "pawstream-faults-"

// mountMemory mounts a disk of that size, in bytes, on a directory.
func mountMemory(dir string, size int64) error { return mountFor(os.Getpid(), dir, size) }

func mountFor(pid int, dir string, size int64) error {
	return syscall.Mount(diskPrefix+strconv.Itoa(pid), dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

// unmount undoes mountMemory, even if files are open.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

// unmountLeft unmounts the disks of dead test processes, for example after a panic.
func unmountLeft() error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		digits, ours := strings.CutPrefix(fields[0], diskPrefix)
		pid, malformed := strconv.Atoi(digits)
		if !ours || malformed != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		err = errors.Join(err, unmount(fields[1]))
	}
	return err
}

// TestDisksOfTheDeadAreUnmounted mounts a disk for a process that is dead.
func TestDisksOfTheDeadAreUnmounted(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	mounted := func(dir string) bool {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(mounts), " "+dir+" ")
	}
	for pid, want := range map[int]bool{gone.Process.Pid: false, os.Getpid(): true} {
		dir := t.TempDir()
		if err := mountFor(pid, dir, 1<<20); err != nil {
			t.Skip(errMissing, err)
		}
		t.Cleanup(func() { _ = unmount(dir) }) // it may be unmounted already
		if err := unmountLeft(); err != nil {
			t.Error(err)
		}
		if mounted(dir) != want {
			t.Errorf("mounted by process %d: %v, want %v", pid, mounted(dir), want)
		}
	}
}
