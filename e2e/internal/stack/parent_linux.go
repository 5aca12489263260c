package stack

import "syscall"

// endWithParent makes the system end a process whose test was killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
