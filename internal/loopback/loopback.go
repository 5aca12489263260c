// Package loopback distinguishes addresses that only the same machine can reach from others.
package loopback

import (
	"net"
	"net/netip"
)

// Host reports whether a host, a name or an IP address, is the machine itself.
func Host(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Listen reports whether an address to listen on (host:port) can only be reached from
// the same machine. A malformed address passes: the listener will complain about it.
func Listen(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err != nil || Host(host)
}
