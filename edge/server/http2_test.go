package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"golang.org/x/net/http2"
)

// An endless body counts what is read of it.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// serveHTTP2 starts a server whose handler reads no body, and returns a function that connects to it.
func serveHTTP2(t *testing.T) (dial func() net.Conn) {
	t.Helper()
	listener := pipes{make(chan net.Conn), make(chan struct{})}
	server := newHTTPServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}), slog.New(slog.DiscardHandler))
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return func() net.Conn {
		here, there := net.Pipe()
		listener.conns <- there
		return here
	}
}

// TestHTTP2BuffersLittle sends bodies that nobody reads: together they take no more than the connection's buffer.
func TestHTTP2BuffersLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const streams = 3
		dial := serveHTTP2(t)
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		transport := &http.Transport{
			Protocols:   protocols,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return dial(), nil },
		}
		defer transport.CloseIdleConnections()
		ctx, cancel := context.WithCancel(t.Context())
		var body endless
		var calls sync.WaitGroup
		for range streams {
			calls.Go(func() {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://edge/v1/chat/completions/x?stream=true", &body)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := transport.RoundTrip(req)
				if err == nil {
					_ = resp.Body.Close()
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("it ends with %v", err)
				}
			})
			synctest.Wait() // so that all are on one connection
		}
		// Of each body, the client has read another frame that it may not send yet.
		if sent := body.read.Load(); sent < receiveBuffer || sent > receiveBuffer+streams*maxFrame {
			t.Errorf("%d bytes are sent, want %d", sent, receiveBuffer)
		}
		cancel()
		calls.Wait()
	})
}

// TestHTTP2ReadsSmallFrames announces a large frame, for which the server would need memory before it arrives.
func TestHTTP2ReadsSmallFrames(t *testing.T) {
	for size, taken := range map[int]bool{maxFrame: true, maxFrame + 1: false} {
		synctest.Test(t, func(t *testing.T) {
			conn := serveHTTP2(t)()
			framer := http2.NewFramer(conn, conn)
			var sending sync.WaitGroup
			defer sending.Wait()
			defer conn.Close()
			sending.Go(func() {
				_, _ = io.WriteString(conn, http2.ClientPreface)
				_ = framer.WriteSettings()
				_ = framer.WriteRawFrame(0xff, 0, 0, make([]byte, size)) // of an unknown type, which is ignored
				_ = framer.WritePing(false, [8]byte{1})
			})
			answered, refused := false, http2.ErrCodeNo
			for { // until the connection ends
				frame, err := framer.ReadFrame()
				if err != nil {
					break
				}
				switch frame := frame.(type) {
				case *http2.PingFrame:
					answered = true
					_ = conn.Close()
				case *http2.GoAwayFrame:
					refused = frame.ErrCode
				}
			}
			if answered != taken || !taken && refused != http2.ErrCodeFrameSize {
				t.Errorf("behind a frame of %d bytes a ping is answered: %t; it ends with %v", size, answered, refused)
			}
		})
	}
}
