//go:build unix

package halfclose

import (
	"net"
	"syscall"
)

// gone reports whether a connection was reset after its FIN. A read would only return the FIN.
func gone(tcp *net.TCPConn) bool {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return true
	}
	pending := 0
	err = raw.Control(func(fd uintptr) {
		pending, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
	})
	return err != nil || pending != 0
}
