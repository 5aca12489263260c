package stack

import "syscall"

// endWithParent makes the system kill a process when its test is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
