package admin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/internal/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves an admin address for as long as the test runs.
func serve(t *testing.T, address string, ready func() error) (port string) {
	t.Helper()
	server, err := admin.Listen(t.Context(), address, admin.Config{
		Ready:   ready,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") }),
	})
	if err != nil {
		t.Skip(err) // no IPv6 here, say
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, _ = net.SplitHostPort(server.Addr())
	return port
}

func TestCheck(t *testing.T) {
	var notReady atomic.Pointer[error]
	ready := func() error {
		if err := notReady.Load(); err != nil {
			return *err
		}
		return nil
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // is not asked
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "", "::", "::1"} {
		t.Run("host "+host, func(t *testing.T) {
			port := serve(t, net.JoinHostPort(host, "0"), ready)
			notReady.Store(nil)
			if err := admin.Check(t.Context(), net.JoinHostPort(host, port)); err != nil {
				t.Error(err)
			}
			draining := errors.New("shutting down")
			notReady.Store(&draining)
			if err := admin.Check(t.Context(), net.JoinHostPort(host, port)); err == nil || err.Error() != "not ready: shutting down" {
				t.Errorf("error %v, want the reason", err)
			}
		})
	}
}

func TestCheckOfNobody(t *testing.T) {
	for _, address := range []string{"127.0.0.1:1", "nonsense", "127.0.0.1:-1", "[::1"} {
		if err := admin.Check(t.Context(), address); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line", address, err)
		}
	}
	// One that takes connections and says nothing.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := listener.Accept(); err == nil {
			cancel()
			_ = conn.Close()
		}
	}()
	if err := admin.Check(ctx, listener.Addr().String()); err == nil {
		t.Error("no error though nobody answered")
	}
}

func TestRoutes(t *testing.T) {
	port := serve(t, "127.0.0.1:0", func() error { return nil })
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n", "/metrics": "metrics"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || string(body) != want {
			t.Errorf("%s: %d %q, want %q", path, resp.StatusCode, body, want)
		}
	}
}
