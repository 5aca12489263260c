package demo

import "syscall"

// endWithParent makes the system kill a process when its parent is killed. Ctrl-C on a terminal reaches only
// the parent, which then stops the process.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
