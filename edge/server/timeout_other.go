//go:build !linux

package server

import (
	"net"
	"time"
)

// userTimeout leaves to the system how long it tries to reach a silent client.
func userTimeout(*net.TCPConn, time.Duration) {}
