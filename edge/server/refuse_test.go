package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/httpapi"
	"github.com/pawstream/pawstream/edge/internal/limit"
)

// served serves an API on a real connection.
func served(t *testing.T, cfg httpapi.Config) (address string) {
	t.Helper()
	cfg.Conn = nobody{}
	api, err := httpapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newHTTPServer(api, slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// nobodyEnters refuses every caller.
type nobodyEnters struct{}

func (nobodyEnters) Authenticate(http.Header) (*auth.Caller, error) { return nil, auth.ErrMissing }

// TestRefusedBeforeTheBody sends a large body completely before it reads the answer, as many clients do. They
// must get the refusal, not a reset.
func TestRefusedBeforeTheBody(t *testing.T) {
	const large = 5 << 20
	open := served(t, httpapi.Config{Bodies: httpapi.Bodies{Max: 1 << 20}})
	closed := served(t, httpapi.Config{Auth: nobodyEnters{}})
	limited := served(t, httpapi.Config{Limiter: limit.New(limit.Config{RequestsPerMinute: 1})})
	post := func(address, path, headers string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\n%s", path, address, headers)
	}
	const json = "Content-Type: application/json\r\n"
	if got, err := whole(t, limited, post(limited, "/v1/chat/completions", json), 2, false); err != nil || got.status == http.StatusTooManyRequests {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, tt := range []struct {
		name, address, head string
		status              int
	}{
		{"not found", open, post(open, "/v1/nothing", json), http.StatusNotFound},
		{"method", open, "PUT /v1/models HTTP/1.1\r\nHost: x\r\n", http.StatusMethodNotAllowed},
		{"media type", open, post(open, "/v1/chat/completions", "Content-Type: text/plain\r\n"), http.StatusUnsupportedMediaType},
		{"too large", open, post(open, "/v1/chat/completions", json), http.StatusRequestEntityTooLarge},
		{"nobody", closed, post(closed, "/v1/chat/completions", json), http.StatusUnauthorized},
		{"too often", limited, post(limited, "/v1/chat/completions", json), http.StatusTooManyRequests},
		{"no body is read", open, "DELETE /v1/chat/completions/chatcmpl-X HTTP/1.1\r\nHost: x\r\n", http.StatusServiceUnavailable},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %t", tt.name, chunked), func(t *testing.T) {
				t.Parallel()
				got, err := whole(t, tt.address, tt.head, large, chunked)
				if err != nil {
					t.Fatal(err)
				}
				if want := (reply{tt.status, true}); got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
			})
		}
	}
}

// A reply is an answer, and whether the connection ends with it.
type reply struct {
	status int
	close  bool
}

// whole sends a request with a whole body of size bytes, and then reads the answer and the end of the
// connection.
func whole(t *testing.T, address, head string, size int, chunked bool) (reply, error) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return reply{}, err
	}
	body := make([]byte, size)
	if chunked {
		_, err = fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, size, body)
	} else {
		_, err = fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", head, size, body)
	}
	if err != nil {
		return reply{}, fmt.Errorf("sending: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return reply{}, fmt.Errorf("reading: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return reply{}, fmt.Errorf("reading the body: %w", err)
	}
	return reply{answer.StatusCode, answer.Close}, nil
}

// TestRefusalDoesNotWaitForTheBody checks that the answer arrives before the body is sent.
func TestRefusalDoesNotWaitForTheBody(t *testing.T) {
	address := served(t, httpapi.Config{})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 5<<20); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", answer.StatusCode)
	}
}
