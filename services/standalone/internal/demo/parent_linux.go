package demo

import "syscall"

// endWithParent has the system end a process whose parent was killed. Ctrl-C on a terminal reaches the parent alone,
// which stops the process in its turn.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
