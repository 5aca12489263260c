package admin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/internal/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves an admin address for as long as the test runs.
func serve(t *testing.T, address string, ready func() error, hosts ...string) (port string) {
	t.Helper()
	server, err := admin.Listen(t.Context(), address, admin.Config{
		Ready:   ready,
		Hosts:   hosts,
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
	// A process that accepts connections but does not answer.
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

// ask sends a request to the admin address on a port, with changes.
func ask(t *testing.T, port, path string, change func(*http.Request)) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestPagesOfElsewhere sends the requests that a foreign page can make: by DNS rebinding, or without reading
// the answer. Only the health checks answer under any name.
func TestPagesOfElsewhere(t *testing.T) {
	ready := func() error { return nil }
	const (
		open   = http.StatusOK
		closed = http.StatusForbidden
	)
	for _, tt := range []struct {
		name, address string
		hosts         []string
		host          string
		want          int
	}{
		{"loopback", "127.0.0.1:0", nil, "localhost:9090", open},
		{"loopback, by a name", "127.0.0.1:0", nil, "pets.example", closed},
		{"loopback, by an address", "127.0.0.1:0", nil, "10.0.0.1", closed},
		{"loopback, by a name that is its own", "127.0.0.1:0", []string{"edge-1.example"}, "edge-1.example:9090", open},
		{"all interfaces, by an address", "0.0.0.0:0", nil, "10.0.0.1:9090", open},
		{"all interfaces, by a name", "0.0.0.0:0", nil, "edge-1.example:9090", closed},
		{"all interfaces, by a name that cannot be public", "0.0.0.0:0", nil, "edge-1:9090", open},
		{"all interfaces, by a name that is its own", "0.0.0.0:0", []string{"edge-2.example", "edge-1.example"}, "edge-1.example:9090", open},
		{"all interfaces, by any name", "0.0.0.0:0", []string{"*"}, "pets.example", open},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := serve(t, tt.address, ready, tt.hosts...)
			for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/symbol", "/debug/pprof/goroutine?debug=2"} {
				status, body := ask(t, port, path, func(r *http.Request) { r.Host = tt.host })
				if status != tt.want || status == closed && !strings.Contains(body, "--admin-host") {
					t.Errorf("%s: status %d, %.80s", path, status, body)
				}
				for _, site := range []string{"cross-site", "same-site"} {
					if status, _ := ask(t, port, path, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) }); status != closed {
						t.Errorf("%s: status %d to a page that is %s", path, status, site)
					}
				}
				if status, _ := ask(t, port, path, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }); status != open {
					t.Errorf("%s: status %d to somebody who typed it", path, status)
				}
			}
			for _, path := range []string{"/healthz", "/readyz"} {
				if status, _ := ask(t, port, path, func(r *http.Request) { r.Host = "pets.example" }); status != open {
					t.Errorf("%s: status %d", path, status)
				}
			}
		})
	}
}

// TestProfiles asks for endless profiles, and for data that may hold a password.
func TestProfiles(t *testing.T) {
	port := serve(t, "127.0.0.1:0", func() error { return nil })
	for path, want := range map[string]int{
		"profile?seconds=61": http.StatusBadRequest, "profile?seconds=99999999999999999999": http.StatusBadRequest,
		"heap?seconds=61": http.StatusBadRequest, "mutex?seconds=86400": http.StatusBadRequest,
		"trace?seconds=10.1": http.StatusBadRequest, "trace?seconds=1e9": http.StatusBadRequest,
		"trace?seconds=Inf": http.StatusBadRequest, "trace?seconds=NaN": http.StatusBadRequest, "trace?seconds=0.01": http.StatusOK,
		"heap": http.StatusOK, "goroutine": http.StatusOK, "cmdline": http.StatusNotFound,
	} {
		status, body := ask(t, port, "/debug/pprof/"+path, nil)
		if status != want {
			t.Errorf("%s: status %d, want %d: %.80s", path, status, want, body)
		}
		if strings.HasPrefix(path, "cmdline") && strings.Contains(body, os.Args[0]) {
			t.Errorf("%s: %s", path, body)
		}
	}
}
