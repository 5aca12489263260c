// Package hostname says by which names a server may be called. A browser treats a foreign page whose name is
// made to resolve to this machine as one of the server's own pages (DNS rebinding): only the name that it uses
// distinguishes it from them.
package hostname

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/internal/loopback"
)

// Any stands for all names.
const Any = "*"

// A Guard says by which names a server may be called: those that nobody can own publicly ([Private]), and the
// ones listed here. The zero value is useful.
type Guard struct {
	// Names are further allowed names, without a port, in upper or lower case; [Any]: all names.
	Names []string
	// Machine is the name of the machine itself; empty: unknown.
	Machine string
	// Addresses allows requests that call an IP address. DNS rebinding needs a name, so these are safe, but a
	// server for its own machine does not need them.
	Addresses bool
}

// New returns a guard that knows the name of this machine.
func New(names []string, addresses bool) Guard {
	machine, _ := os.Hostname() // on failure, only that name is not allowed
	return Guard{Names: names, Machine: machine, Addresses: addresses}
}

// Allows reports whether a request calls the server by an allowed name.
func (g Guard) Allows(r *http.Request) bool {
	host := of(r)
	for _, name := range g.Names {
		if name == Any || strings.EqualFold(name, host) {
			return true
		}
	}
	if loopback.Host(host) || Private(host) || host != "" && strings.EqualFold(strings.TrimSuffix(g.Machine, "."), host) {
		return true
	}
	_, err := netip.ParseAddr(host)
	return g.Addresses && err == nil
}

// private are the domains under which nobody can register a public name: RFC 6761, section 6.3; RFC 6762; RFC
// 8375; and .internal, which ICANN keeps out of the root.
func private() []string { return []string{"localhost", "local", "internal", "home.arpa"} }

// Private reports whether nobody can own a name, in lower case, publicly: one without a dot, as containers call
// each other, or one under a domain for private use. Only the operator of the network gives such names, and no
// foreign page can get one.
func Private(host string) bool {
	labels := strings.Split(host, ".")
	if slices.ContainsFunc(labels, odd) {
		return false
	}
	if len(labels) == 1 {
		return strings.ContainsFunc(host, letter) && !strings.HasPrefix(host, "0x") // else it may be an address
	}
	return slices.ContainsFunc(private(), func(domain string) bool { return strings.HasSuffix(host, "."+domain) })
}

func letter(c rune) bool { return 'a' <= c && c <= 'z' }

// odd reports whether a text is not a label of a name.
func odd(label string) bool {
	return label == "" || strings.Trim(label, "-") == "" || strings.ContainsFunc(label, func(c rune) bool {
		return !letter(c) && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// Called returns the name by which a request calls us, in lower case; empty: it is not a valid name for a
// server.
func Called(r *http.Request) string {
	host := of(r)
	if len(host) > maxName || slices.ContainsFunc(strings.Split(host, "."), odd) {
		return ""
	}
	return host
}

// maxName is the longest possible name, in bytes (RFC 1035, section 2.3.4).
const maxName = 253

// of returns the name or address by which a request calls us, without its port and without the
// dot that a whole name may end in.
func of(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Check returns an error for a text that cannot be a name of a [Guard]. There are no patterns, because we
// cannot know who may register a name.
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
