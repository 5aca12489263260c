package e2e

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

	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/edge/sse"
)

// TestOnDisconnect leaves a stream after its first event and looks what becomes of it.
func TestOnDisconnect(t *testing.T) {
	t.Parallel()
	// An answer takes two seconds; who leaves has half of one to come back.
	s := own(t, stack.Options{Pace: someTokens / 2, Completion: []string{"--orphan-grace=500ms"}})
	want := whole(t, s.URL())
	for _, test := range []struct {
		name     string
		members  object
		comeBack bool
		want     string
	}{
		{"cancel", object{"on_disconnect": "cancel"}, false, "cancelled"},
		{"grace", object{"on_disconnect": "grace"}, false, "cancelled"},
		{"grace by default", nil, false, "cancelled"},
		{"grace, and back", nil, true, "completed"},
		{"continue", object{"on_disconnect": "continue"}, false, "completed"},
		{"stored", object{"store": true}, false, "completed"},
		{"stored, but cancel", object{"store": true, "on_disconnect": "cancel"}, false, "cancelled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			resp := send(t, request(t, http.MethodPost, s.URL()+"/v1/chat/completions", streamed(test.members)))
			first, err := sse.NewDecoder(resp.Body).Next()
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			id := completionOf(first)
			if test.comeBack {
				joined(t, replay(t, s.URL(), id))
			}
			var c completion
			eventually(t, 10*time.Second, func() error {
				if get(t, s.URL(), id).into(t, &c); c.Status == "in_progress" {
					return errNotYet
				}
				return nil
			})
			if c.Status != test.want {
				t.Errorf("the status is %q, want %q", c.Status, test.want)
			}
			if got := c.answer(t); test.want == "completed" {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			} else if got.Usage.Completion >= someTokens {
				t.Errorf("it was cancelled after all of its %d tokens", got.Usage.Completion)
			}
		})
	}
}

// TestUsageOnce has clients leave at bytes all over a response, some twenty in each event:
// whatever they have got, the books have their completion once.
func TestUsageOnce(t *testing.T) {
	const step = 13 // every byte would take minutes: each is a completion of its own
	s := own(t, stack.Options{Pace: 60, Completion: []string{"--log=memory"}})
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
		url: s.URL(), address: strings.TrimPrefix(s.URL(), "http://"), key: "X-Nothing: x",
		body: streamed(object{"max_tokens": 4, "on_disconnect": "cancel"}),
	}
	whole, err := c.raw(-1)
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	for range cutters {
		clients.Go(func() {
			for at := int(next.Add(step)) - step; at <= len(whole); at = int(next.Add(step)) - step {
				if _, err := c.raw(at); err != nil {
					t.Errorf("after %d bytes: %v", at, err)
				}
			}
		})
	}
	clients.Wait()
	eventually(t, 30*time.Second, func() error {
		guard.Lock()
		defer guard.Unlock()
		// Who leaves at once may have left before their request was read.
		admitted := int(value(t, s.Completion, "pawstream_completions_admitted_total"))
		if running := value(t, s.Completion, "pawstream_completions_running"); running > 0 || len(books) != admitted || admitted < len(whole)/step {
			return fmt.Errorf("%w: %v run, %d are in the books, %d were admitted by %d requests", errNotYet, running, len(books), admitted, len(whole)/step+2)
		}
		return nil
	})
	outcomes := value(t, s.Completion, "pawstream_completions_ended_total", `outcome="cancelled"`)
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

// TestCancelWaitsForNoBody announces a body that never comes: the route has none.
func TestCancelWaitsForNoBody(t *testing.T) {
	t.Parallel()
	url := steady(t).URL()
	resp := send(t, request(t, http.MethodPost, url+"/v1/chat/completions", streamed(object{"max_tokens": 400})))
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
	isCancelledSoon(t, url, id)
}
