//go:build !linux

package server

import (
	"net"
	"time"
)

// userTimeout does nothing: the system decides how long it tries to reach a silent client.
func userTimeout(*net.TCPConn, time.Duration) {}
