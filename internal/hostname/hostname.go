// Package hostname tells by which names a server may be called. A page of elsewhere whose own
// name has come to lead to this machine is one of the server's own pages to its browser (DNS
// rebinding): nothing but the name that it calls tells it from them.
package hostname

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/pawstream/pawstream/internal/loopback"
)

// Any stands, among names, for whatever name there is.
const Any = "*"

// A Guard says by which names a server may be called: those of loopback, and these. The zero
// value is of use.
type Guard struct {
	// Names are more of them, without a port, in any case; [Any]: all there are.
	Names []string
	// Addresses lets requests in that call an IP address. No name leads there, but on a
	// server for its own machine there is no need of them.
	Addresses bool
}

// Allows reports whether a request calls the server by a name that it may be called by.
func (g Guard) Allows(r *http.Request) bool {
	host := of(r)
	for _, name := range g.Names {
		if name == Any || strings.EqualFold(name, host) {
			return true
		}
	}
	if loopback.Host(host) {
		return true
	}
	_, err := netip.ParseAddr(host)
	return g.Addresses && err == nil
}

// of returns the name or address by which a request calls us, without its port and without the
// dot that a whole name may end in.
func of(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Check returns an error for what cannot be a name of a [Guard]. Parts of names stand for
// nothing, as who may register a name is not ours to say.
func Check(names []string) error {
	for _, name := range names {
		_, err := netip.ParseAddr(name)
		odd := name == "" || strings.ContainsAny(name, ":/*[]@ ")
		if name != Any && err != nil && odd {
			return fmt.Errorf("%q is not a name such as shop.example, without a port, nor an IP address, nor *", name)
		}
	}
	return nil
}
