// Package hostname tells by which names a server may be called. A page of elsewhere whose own
// name has come to lead to this machine is one of the server's own pages to its browser (DNS
// rebinding): nothing but the name that it calls tells it from them.
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

// Any stands, among names, for whatever name there is.
const Any = "*"

// A Guard says by which names a server may be called: those that cannot be anybody's in public
// ([Private]), and these. The zero value is of use.
type Guard struct {
	// Names are more of them, without a port, in any case; [Any]: all there are.
	Names []string
	// Machine is the name of the machine itself; empty: nobody knows it.
	Machine string
	// Addresses lets requests in that call an IP address. No name leads there, but on a
	// server for its own machine there is no need of them.
	Addresses bool
}

// New returns a guard that knows the name of this machine.
func New(names []string, addresses bool) Guard {
	machine, _ := os.Hostname() // without it, that name alone is not let in
	return Guard{Names: names, Machine: machine, Addresses: addresses}
}

// Allows reports whether a request calls the server by a name that it may be called by.
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

// private are the domains under which nobody can register a name for everybody: RFC 6761, section
// 6.3; RFC 6762; RFC 8375; and .internal, which ICANN keeps out of the root.
func private() []string { return []string{"localhost", "local", "internal", "home.arpa"} }

// Private reports whether a name, in lower case, can be nobody's in public: one without a dot, as
// containers call each other, or one under a domain for private use. Only who runs the network
// gives such names, and no page of elsewhere can come by one.
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

// odd reports whether a text is no label of a name.
func odd(label string) bool {
	return label == "" || strings.Trim(label, "-") == "" || strings.ContainsFunc(label, func(c rune) bool {
		return !letter(c) && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// Called returns the name by which a request calls us, in lower case; empty: it is no name that a
// server could be told to go by.
func Called(r *http.Request) string {
	host := of(r)
	if len(host) > maxName || slices.ContainsFunc(strings.Split(host, "."), odd) {
		return ""
	}
	return host
}

// maxName is the longest name that there is, in bytes (RFC 1035, section 2.3.4).
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
