package hostname

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	always := []string{"localhost:8080", "LocalHost", "localhost.", "127.0.0.1", "127.8.8.8:1", "[::1]:8080", "[::1]"}
	always = append(always, "host.docker.internal:8080", "x.localhost", "localhost.:8080", "a.b.internal.", "Box.LOCAL:80", "printer.home.arpa",
		"edge:8080", "pawstream", "my-box_1.", "MachinE.corp.example:8080", "machine.corp.example.")
	foreign := []string{
		"machine.corp.example.org", "x.machine.corp.example", "internal.example", "local.example", "xlocalhost.example", "a.b.internalx.com",
		"0x7f000001", "2130706433", "017700000001", "127.1", "a b", "ed\u0434ge", "-", ".local", ".internal:80", "a..local", "..", "pets.example:8080", "localhost.pets.example", "127.0.0.1.pets.example", "x.shop.example", "shop.example.org", "", "0x7f.1", "1.2.3",
	}
	addresses := []string{"192.0.2.1", "192.0.2.1:8080", "[2001:db8::1]:80", "0.0.0.0"}
	ours := []string{"shop.example", "SHOP.example:443", "shop.example.", "10.0.0.9"}
	for _, tt := range []struct {
		name        string
		guard       Guard
		may, mayNot [][]string
	}{
		{"loopback", Guard{}, [][]string{always}, [][]string{foreign, addresses, ours}},
		{"loopback and names", Guard{Names: []string{"shop.example", "10.0.0.9"}}, [][]string{always, ours}, [][]string{foreign, addresses}},
		{"addresses", Guard{Addresses: true}, [][]string{always, addresses, ours[3:]}, [][]string{foreign, ours[:3]}},
		{"addresses and names", Guard{Addresses: true, Names: []string{"Shop.Example"}}, [][]string{always, addresses, ours}, [][]string{foreign}},
		{"any", Guard{Names: []string{"*"}}, [][]string{always, addresses, ours, foreign}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.guard.Machine = "Machine.corp.example"
			check := func(lists [][]string, want bool) {
				for _, list := range lists {
					for _, host := range list {
						r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
						r.Host = host
						if got := tt.guard.Allows(r); got != want {
							t.Errorf("%q: %v", host, got)
						}
					}
				}
			}
			check(tt.may, true)
			check(tt.mayNot, false)
		})
	}
}

func TestCalled(t *testing.T) {
	for host, want := range map[string]string{
		"Pets.example:80": "pets.example", "a.b.": "a.b", "192.0.2.1": "192.0.2.1",
		"": "", "[::1]:80": "", "<b>": "", "a b": "", strings.Repeat("a.", 130) + "x": "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Host = host
		if got := Called(r); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, fine := range map[string]bool{
		"shop.example": true, "localhost": true, "10.0.0.1": true, "::1": true, "*": true, "my-host_1": true,
		"": false, "shop.example:8080": false, "http://shop.example": false, "*.shop.example": false, "a b": false, "[::1]": false, "shop.example/": false,
	} {
		err := Check([]string{name})
		if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "without a port") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
