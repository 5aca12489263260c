package e2e

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/edge/sse"
)

// TestSlowReader has one client stop reading an answer that is too large for the
// buffers on its way. It is cut off, can go on, and delays nobody.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	t0 := time.Now(); lg := func(x string) { t.Log(x, time.Since(t0)) }
	s := own(t, stack.Options{Edge: []string{"--write-timeout=1s"}})
	lg("up")
	conn := small(t, s.Edge.Addr("http"))
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	defer transport.CloseIdleConnections()
	ask := request(t, http.MethodPost, s.URL()+"/v1/chat/completions", streamed(object{"max_tokens": nil, "n": 32}))
	slow, err := transport.RoundTrip(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Body.Close() }()
	lg("headers")
	id := slow.Header.Get("X-Completion-Id")

	want := replay(t, s.URL(), id) // another reader, meanwhile
	lg("replayed")
	checkIDs(t, want)
	lg("ids")
	if last := want[len(want)-1]; last.Data != "[DONE]" {
		t.Errorf("the other reader's stream ends with %s", last.Data)
	}
	// The slow one may have been given time: it has none left when a second passes
	// without a read, and this takes longer.
	var c completion
	eventually(t, 30*time.Second, func() error {
		if get(t, s.URL(), id).into(t, &c); c.Status != "completed" {
			return errNotYet
		}
		return nil
	})
	<-time.After(2 * time.Second)

	lg("waited")
	if err := conn.SetReadBuffer(1 << 20); err != nil { // it need not be slow any more
		t.Fatal(err)
	}
	var got []sse.Event
	for e, err := range sse.NewDecoder(slow.Body).Events() {
		if err != nil {
			break // cut off
		}
		got = append(got, e)
	}
	lg("read")
	if len(got) == len(want) {
		t.Fatal("it was not cut off")
	}
	rest := recorded(t, get(t, s.URL(), id+"?stream=true", "Last-Event-ID: "+got[len(got)-1].ID.String())).Events
	lg("rest")
	rest[0].Retry = 0
	if diff := cmp.Diff(want, append(got, rest...), cmpEvents); diff != "" {
		t.Errorf("(-other +slow)\n%s", diff)
	}
	lg("compared")
}

// small returns a connection that takes in few bytes before they are read.
func small(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	to, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTCP("tcp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	return conn
}
