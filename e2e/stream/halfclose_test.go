package stream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
)

// TestHalfClose lets clients close their sending side after the request, as some do. They get the answer.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(rig.Steady(t).URL(), "http://")
	for name, tt := range map[string]struct{ body, end string }{
		"stream": {api.Streamed(api.Object{"max_tokens": 10, "on_disconnect": "cancel"}), "data: [DONE]\nid: "},
		"whole":  {api.Body(api.Object{"max_tokens": 80, "on_disconnect": "cancel"}), `"finish_reason":"length"`}, // two seconds long
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := sendRaw(t, address, tt.body)
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(conn)
			if err != nil || !strings.Contains(string(all), "HTTP/1.1 200 OK\r\n") || !strings.Contains(string(all), tt.end) {
				t.Errorf("%v, %q", err, all)
			}
		})
	}
}

// TestCloseCancels lets clients close their connections. The edge must notice soon, although a close first looks like
// a half-close.
func TestCloseCancels(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"answer", "leave"} {
		s := rig.Own(t, stack.Options{Pace: rig.SteadyPace, Edge: []string{"--half-close=" + mode}})
		address := strings.TrimPrefix(s.URL(), "http://")
		for name, stream := range map[string]bool{"stream": true, "whole": false} {
			t.Run(name+", "+mode, func(t *testing.T) {
				before := api.Metric(t, s.Completion, "pawstream_completions_ended_total", `outcome="cancelled"`)
				conn := sendRaw(t, address, api.Body(api.Object{"stream": stream, "on_disconnect": "cancel"}))
				if stream {
					if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
						t.Fatal(err)
					}
				}
				rig.Eventually(t, 10*time.Second, func() error {
					if api.Metric(t, s.Completion, "pawstream_completions_running") == 0 {
						return rig.ErrNotYet
					}
					return nil
				})
				_ = conn.Close()
				closed := time.Now()
				rig.Eventually(t, 10*time.Second, func() error {
					if api.Metric(t, s.Completion, "pawstream_completions_ended_total", `outcome="cancelled"`) == before {
						return rig.ErrNotYet
					}
					return nil
				})
				t.Logf("cancelled %v after the close", time.Since(closed).Round(time.Millisecond))
			})
		}
	}
}

// sendRaw sends a request for a completion on a new connection.
func sendRaw(t *testing.T, address, body string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	tcp, _ := conn.(*net.TCPConn)
	if err := tcp.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(tcp, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	return tcp
}
