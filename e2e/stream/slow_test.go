package stream

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestSlowReader lets a client stop reading an answer that exceeds all buffers. It delays nobody, is cut off, and can
// resume.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := rig.Own(t, stack.Options{Edge: []string{"--write-timeout=1s"}})
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(4 << 10)
		}
		return conn, err
	}}
	defer transport.CloseIdleConnections()
	ask := api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil, "n": 32}))
	slow, err := transport.RoundTrip(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Body.Close() }()
	first, err := sse.NewDecoder(slow.Body).Next()
	if err != nil {
		t.Fatal(err)
	}

	want := api.Replay(t, s.URL(), api.CompletionOf(first)) // another reader, meanwhile
	api.CheckIDs(t, want)
	if last := want[len(want)-1]; last.Data != "[DONE]" {
		t.Errorf("the other reader's stream ends with %s", last.Data)
	}
	rig.Eventually(t, 30*time.Second, func() error {
		if !strings.Contains(s.Edge.Log(), "outcome=slow") {
			return rig.ErrNotYet
		}
		return nil
	})
	rest := api.Recorded(t, api.Get(t, s.URL(), api.CompletionOf(first)+"?stream=true", "Last-Event-ID: "+first.ID.String())).Events
	rest[0].Retry = 0
	if diff := cmp.Diff(want, append([]sse.Event{first}, rest...), api.CmpEvents); diff != "" {
		t.Errorf("(-other +slow)\n%s", diff)
	}
}
