package hostname

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	always := []string{"localhost:8080", "LocalHost", "localhost.", "127.0.0.1", "127.8.8.8:1", "[::1]:8080", "[::1]"}
	foreign := []string{"pets.example:8080", "localhost.pets.example", "127.0.0.1.pets.example", "x.shop.example", "shop.example.org", "", "0x7f.1", "1.2.3"}
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
