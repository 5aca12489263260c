package resume

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestOnDisconnect leaves a stream after its first event, and checks what happens to the completion.
func TestOnDisconnect(t *testing.T) {
	t.Parallel()
	// An answer takes two seconds, and the grace period half a second.
	s := rig.Own(t, stack.Options{Pace: api.SomeTokens / 2, Completion: []string{"--orphan-grace=500ms"}})
	want := api.Whole(t, s.URL())
	for _, test := range []struct {
		name     string
		members  api.Object
		comeBack bool
		want     string
	}{
		{"cancel", api.Object{"on_disconnect": "cancel"}, false, "cancelled"},
		{"grace", api.Object{"on_disconnect": "grace"}, false, "cancelled"},
		{"grace by default", nil, false, "cancelled"},
		{"grace, and back", nil, true, "completed"},
		{"continue", api.Object{"on_disconnect": "continue"}, false, "completed"},
		{"stored", api.Object{"store": true}, false, "completed"},
		{"stored, but cancel", api.Object{"store": true, "on_disconnect": "cancel"}, false, "cancelled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			resp := api.Send(t, api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions", api.Streamed(test.members)))
			first, err := sse.NewDecoder(resp.Body).Next()
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			id := api.CompletionOf(first)
			if test.comeBack {
				api.Joined(t, api.Replay(t, s.URL(), id))
			}
			var c api.Completion
			rig.Eventually(t, 10*time.Second, func() error {
				if api.Get(t, s.URL(), id).Into(t, &c); c.Status == "in_progress" {
					return rig.ErrNotYet
				}
				return nil
			})
			if c.Status != test.want {
				t.Errorf("the status is %q, want %q", c.Status, test.want)
			}
			if got := c.Answer(t); test.want == "completed" {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			} else if got.Usage.Completion >= api.SomeTokens {
				t.Errorf("it was cancelled after all of its %d tokens", got.Usage.Completion)
			}
		})
	}
}

// TestUsageOnce leaves streams at bytes all over a response, about twenty per event. Each completion is in the books
// once, whatever its client has received.
func TestUsageOnce(t *testing.T) {
	apart := int64(13) // each cut is a completion, so every byte would take minutes
	if testing.Short() {
		apart *= 4
	}
	s := rig.Own(t, stack.Options{Pace: 60, Completion: []string{"--log=memory"}})
	var guard sync.Mutex
	books := make(map[string]int)
	s.Completion.Each(func(line string) {
		if !strings.Contains(line, "msg=usage ") {
			return
		}
		_, id, _ := strings.Cut(line, " completion=")
		id, _, _ = strings.Cut(id, " ")
		guard.Lock()
		defer guard.Unlock()
		books[id]++
	})
	c := cutter{
		url: s.URL(), path: "/v1/chat/completions", address: strings.TrimPrefix(s.URL(), "http://"), key: "X-Nothing: x",
		body: api.Streamed(api.Object{"max_tokens": 4, "on_disconnect": "cancel"}),
	}
	whole, err := c.raw(-1)
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	for range cutters {
		clients.Go(func() {
			for at := next.Add(apart) - apart; at <= int64(len(whole)); at = next.Add(apart) - apart {
				if _, err := c.raw(int(at)); err != nil {
					t.Errorf("after %d bytes: %v", at, err)
				}
			}
		})
	}
	clients.Wait()
	rig.Eventually(t, 30*time.Second, func() error {
		guard.Lock()
		defer guard.Unlock()
		// A client that leaves at once may have left before its request was read.
		admitted := int(api.Metric(t, s.Completion, "pawstream_completions_admitted_total"))
		if running := api.Metric(t, s.Completion, "pawstream_completions_running"); running > 0 || len(books) != admitted || admitted < len(whole)/int(apart) {
			return fmt.Errorf("%w: %v run, %d are in the books, %d were admitted by %d requests", rig.ErrNotYet, running, len(books), admitted, len(whole)/int(apart)+2)
		}
		return nil
	})
	outcomes := api.Metric(t, s.Completion, "pawstream_completions_ended_total", `outcome="cancelled"`)
	t.Logf("%d completions, of which %v were cancelled", len(books), outcomes)
	if outcomes == 0 {
		t.Error("nobody left before the end")
	}
	for id, n := range books {
		if n != 1 {
			t.Errorf("%s is in the books %d times", id, n)
		}
	}
}

// TestCancelWaitsForNoBody announces a body that never comes: the route needs none.
func TestCancelWaitsForNoBody(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	resp := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": 400})))
	id := resp.Header.Get("X-Completion-Id")
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/chat/completions/%s/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n", id); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK || !answer.Close {
		t.Errorf("status %d, close %v", answer.StatusCode, answer.Close)
	}
	api.IsCancelledSoon(t, url, id)
}
