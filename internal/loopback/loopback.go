// Package loopback tells addresses that only the same machine reaches from others.
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
// the same machine. One that is malformed passes, for the listener to complain about.
func Listen(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err != nil || Host(host)
}
