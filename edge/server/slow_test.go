package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/httpapi"
)

// pipes is a listener for connections within this process.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// nobody is a completion service that does not run.
type nobody struct{}

var errNobody = status.Error(codes.Unavailable, "nobody is there")

func (nobody) Invoke(context.Context, string, any, any, ...grpc.CallOption) error { return errNobody }

func (nobody) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errNobody
}

// body returns a request of size bytes.
func body(size int) string {
	const before, after = `{"model":"m","stream":true,"messages":[{"role":"user","content":"`, `"}]}`
	return before + strings.Repeat("a", size-len(before)-len(after)) + after
}

// TestSlowClients runs slow clients, and checks when the edge disconnects each of them.
func TestSlowClients(t *testing.T) {
	const headers = "Host: localhost\r\nContent-Type: application/json\r\n"
	for _, test := range []struct {
		name  string
		whole string // sent at once
		slow  string // sent at one piece per second
		piece int    // its size in bytes; 0: one
		after time.Duration
		got   string // the beginning of the answer
	}{
		{"says nothing", "", "", 0, headerTimeout, ""},
		{"header byte by byte", "", "GET /v1/models HTTP/1.1\r\n" + headers, 0, headerTimeout, "HTTP/1.1 400 "},
		{"header after header", "GET /v1/models HTTP/1.1\r\n" + headers, strings.Repeat("X: y\r\n", 100), 0, headerTimeout, ""},
		// A slow but steady body is accepted. The completion service does not run, and the client may send
		// another request afterwards.
		{"a steady body", "POST /v1/chat/completions HTTP/1.1\r\n" + headers + "Content-Length: 2400000\r\n\r\n", body(2_400_000), 64 << 10, 36*time.Second + idleTimeout, "HTTP/1.1 503 "},
		{"a body below the least rate", "POST /v1/chat/completions HTTP/1.1\r\n" + headers + "Content-Length: 2400000\r\n\r\n", body(100_000), 1 << 10, 39 * time.Second, "HTTP/1.1 408 "},
		{"a body that stops", "POST /v1/chat/completions HTTP/1.1\r\n" + headers + "Content-Length: 2400000\r\n\r\n", body(20 * 64 << 10), 64 << 10, 50 * time.Second, "HTTP/1.1 408 "},
		{"body byte by byte", "POST /v1/chat/completions HTTP/1.1\r\n" + headers + "Content-Length: 100\r\n\r\n", strings.Repeat(" ", 100), 0, 30 * time.Second, "HTTP/1.1 408 "},
		{"chunk by chunk", "POST /v1/chat/completions HTTP/1.1\r\n" + headers + "Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\n \r\n", 50), 0, 30 * time.Second, "HTTP/1.1 408 "},
		{"no body", "POST /v1/stream_tickets HTTP/1.1\r\n" + headers + "Content-Length: 100\r\n\r\n", "", 0, 30 * time.Second, "HTTP/1.1 408 "},
		{"body where nobody reads it", "POST /v1/nothing HTTP/1.1\r\n" + headers + "Content-Length: 100\r\n\r\n", strings.Repeat(" ", 100), 0, 30 * time.Second, "HTTP/1.1 404 "},
		{"nothing more", "GET /v1/nothing HTTP/1.1\r\n" + headers + "\r\n", "", 0, idleTimeout, "HTTP/1.1 404 "},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api, err := httpapi.New(httpapi.Config{Conn: nobody{}})
				if err != nil {
					t.Fatal(err)
				}
				listener := pipes{make(chan net.Conn), make(chan struct{})}
				server := newHTTPServer(api, slog.New(slog.DiscardHandler))
				go func() { _ = server.Serve(listener) }()
				defer func() { _ = server.Close() }()
				conn, far := net.Pipe()
				var writing sync.WaitGroup
				defer writing.Wait()
				defer func() { _ = conn.Close() }()
				listener.conns <- far
				begun := time.Now()
				writing.Go(func() {
					_, err := io.WriteString(conn, test.whole)
					for rest := test.slow; rest != "" && err == nil; {
						<-time.After(time.Second)
						n := min(max(test.piece, 1), len(rest))
						_, err = io.WriteString(conn, rest[:n])
						rest = rest[n:]
					}
				})
				answer, err := io.ReadAll(conn)
				if err != nil || !strings.HasPrefix(string(answer), test.got) || test.got == "" && len(answer) > 0 {
					t.Errorf("%v, answer %q", err, answer)
				}
				if took := time.Since(begun); took < test.after || took > test.after+time.Second {
					t.Errorf("it is let go of after %v, want %v", took, test.after)
				}
			})
		})
	}
}
