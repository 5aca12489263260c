package stream

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// broken returns the URL of a proxy that cuts the connections to a server by a plan.
func broken(t *testing.T, url string, plan func(int) cut.Plan) (string, *cut.Proxy) {
	t.Helper()
	proxy, err := cut.Listen(strings.TrimPrefix(url, "http://"), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return "http://" + proxy.Addr(), proxy
}
