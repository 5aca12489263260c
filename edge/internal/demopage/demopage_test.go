package demopage_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/demopage"
)

// serve serves a demonstration, and a stream at /stream that lasts until it is cut.
func serve(t *testing.T, kill func(context.Context) (string, error)) *httptest.Server {
	t.Helper()
	d, err := demopage.New(kill)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	d.Mount(mux, func(next http.Handler) http.Handler { return next })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /quick", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	server := httptest.NewUnstartedServer(mux)
	d.Network.Attach(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func nobody(context.Context) (string, error) { return "", errors.New("nobody is there") }

// client returns a client with its own connections.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func press(t *testing.T, server *httptest.Server, button string) (status int, said string) {
	t.Helper()
	resp, err := client(t).Post(server.URL+"/demo/"+button, "", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// stream opens a stream and waits for its first line.
func stream(t *testing.T, server *httptest.Server) *bufio.Reader {
	t.Helper()
	resp, err := client(t).Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewReader(resp.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestCut checks that a cut ends the running streams, and that later requests succeed.
func TestCut(t *testing.T) {
	t.Parallel()
	server := serve(t, nobody)
	lines := stream(t, server)
	if status, _ := press(t, server, "cut"); status != http.StatusOK {
		t.Errorf("cut is answered %d", status)
	}
	if _, err := lines.ReadString('\n'); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want it broken", err)
	}
	stream(t, server)
}

// TestDrop checks that a drop ends open connections, and refuses new ones until the outage is over.
func TestDrop(t *testing.T) {
	t.Parallel()
	server := serve(t, nobody)
	lines := stream(t, server)
	begun := time.Now()
	if status, _ := press(t, server, "drop"); status != http.StatusOK {
		t.Errorf("drop is answered %d", status)
	}
	if _, err := lines.ReadString('\n'); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want it broken", err)
	}
	tries := client(t)
	refused := 0
	for time.Since(begun) < time.Minute {
		resp, err := tries.Get(server.URL + "/quick")
		if err == nil {
			resp.Body.Close()
			break
		}
		refused++
		<-time.After(100 * time.Millisecond)
	}
	if away := time.Since(begun); refused == 0 || away < demopage.Outage || away >= time.Minute {
		t.Errorf("the network was away for %v, in which %d requests were refused", away, refused)
	}
}

// TestKill checks the answer to a kill, and that it fails without a service or for another site's page.
func TestKill(t *testing.T) {
	t.Parallel()
	server := serve(t, func(context.Context) (string, error) { return "Process 7 was killed.", nil })
	if status, said := press(t, server, "kill"); status != http.StatusOK || said != "Process 7 was killed." {
		t.Errorf("kill is answered %d %q", status, said)
	}
	if status, said := press(t, serve(t, nobody), "kill"); status != http.StatusServiceUnavailable {
		t.Errorf("where nobody is there, kill is answered %d %q", status, said)
	}
	for _, button := range []string{"cut", "kill", "drop"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/demo/"+button, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another site is answered %d", button, resp.StatusCode)
		}
	}
}
