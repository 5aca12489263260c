package listen_test

import (
	"net"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/listen"
)

// taken returns an address that another listener has until the test ends.
func taken(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestListen(t *testing.T) {
	t.Parallel()
	used := taken(t)
	for _, test := range []struct{ name, address, want string }{
		{"free", "127.0.0.1:0", ""},
		{"in use", used, used + " (--listen) is taken, perhaps by another pawstream"},
		{"a port alone", "8081", `--listen must be host:port, such as 127.0.0.1:8081, and is "8081"`},
		{"a host alone", "localhost", `--listen must be host:port, such as 127.0.0.1:8080, and is "localhost"`},
		{"not this machine", "192.0.2.1:0", "--listen 192.0.2.1:0: bind: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := listen.Address{Flag: "--listen", Address: test.address}.Listen(t.Context())
			got := ""
			if err == nil {
				_ = l.Close()
			} else {
				got = err.Error()
			}
			if !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	one, two, three := taken(t), taken(t), taken(t)
	free := listen.Address{Flag: "--listen", Address: "127.0.0.1:0"}
	admin, rpc := listen.Address{Flag: "--admin-listen", Address: one}, listen.Address{Flag: "--grpc-listen", Address: two}
	for _, test := range []struct {
		name      string
		addresses []listen.Address
		want      string
	}{
		{"none", nil, ""},
		{"all free", []listen.Address{free, {Flag: "--grpc-listen", Address: "off"}}, ""},
		{"one of two", []listen.Address{free, admin}, one + " (--admin-listen) is taken, perhaps by another pawstream"},
		{"two", []listen.Address{admin, free, rpc}, one + " (--admin-listen) and " + two + " (--grpc-listen) are taken, perhaps by another pawstream"},
		{
			"three",
			[]listen.Address{{Flag: "--listen", Address: three}, admin, rpc},
			three + " (--listen), " + one + " (--admin-listen) and " + two + " (--grpc-listen) are taken, perhaps by another pawstream",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := listen.Taken(t.Context(), test.addresses); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
