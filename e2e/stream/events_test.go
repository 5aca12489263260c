package stream

import (
	"crypto/rand"
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

// TestNamedEvents checks the events of streams that ask for more than OpenAI has.
func TestNamedEvents(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	for _, test := range []struct {
		name    string
		members api.Object
		headers []string
	}{
		{"by an option", api.Object{"stream_options": api.Object{"include_events": true}}, nil},
		{"by the Accept header", api.Object{"stream_options": nil}, []string{"Accept: text/event-stream; events=named"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			live := api.Record(t, url, test.members, test.headers...)
			progress, stored := split(live.Events)
			if len(progress) == 0 {
				t.Error("there is no progress")
			}
			for _, e := range progress {
				if o := api.Decode(t, e.Data); o["object"] != "chat.completion.progress" || o["id"] != live.ID || o["stage"] == nil {
					t.Errorf("progress is %s", e.Data)
				}
			}
			for i, block := range live.Blocks {
				if strings.Contains(block, "event: progress\n") == strings.Contains(block, "id: ") {
					t.Errorf("block %d is %q", i, block)
				}
			}
			api.CheckIDs(t, stored)
			for i, e := range stored {
				want := ""
				if i == len(stored)-1 {
					want = "done"
				}
				if e.Name.String() != want {
					t.Errorf("event %d has the name %q, want %q", i, e.Name, want)
				}
			}
			// A replay has everything but progress.
			again := api.Recorded(t, api.Get(t, url, live.ID+"?stream=true"))
			stored[0].Retry, again.Events[0].Retry = 0, 0
			if diff := cmp.Diff(stored, again.Events, api.CmpEvents); diff != "" {
				t.Errorf("(-live +replayed)\n%s", diff)
			}
		})
	}
}

// split separates progress from the stored events.
func split(all []sse.Event) (progress, stored []sse.Event) {
	for _, e := range all {
		if e.Name.String() == "progress" {
			progress = append(progress, e)
			continue
		}
		stored = append(stored, e)
	}
	return progress, stored
}

// TestErrorEvents cancels a stream and reads the error that ends it, plain and named.
func TestErrorEvents(t *testing.T) {
	t.Parallel()
	url := rig.Steady(t).URL()
	for _, test := range []struct{ name, accept, event string }{
		{"plain", "application/json", ""},
		{"named", "text/event-stream;events=named", "error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			resp := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions",
				api.Streamed(api.Object{"max_tokens": nil}), "Accept: "+test.accept))
			id := resp.Header.Get("X-Completion-Id")
			api.Cancel(t, url, id)
			all := api.Events(t, resp.Body)
			_, stored := split(all)
			api.CheckIDs(t, stored)
			last := stored[len(stored)-1]
			want := api.Object{"error": api.Object{
				"message": "The completion was cancelled.", "type": "invalid_request_error",
				"param": nil, "code": "completion_cancelled",
			}}
			if diff := cmp.Diff(want, api.Decode(t, last.Data)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if last.Name.String() != test.event {
				t.Errorf("the event's name is %q, want %q", last.Name, test.event)
			}
			if diff := cmp.Diff(stored[1:], api.Replay(t, url, id)[1:], api.CmpEvents); diff != "" {
				t.Errorf("(-live +replayed)\n%s", diff)
			}
		})
	}
}

// TestHeartbeat checks that only the comment line interrupts a silent stream.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	s := rig.Own(t, stack.Options{Pace: 0.4, Edge: []string{"--heartbeat=1s"}})
	begun := time.Now()
	x := api.Post(t, s.URL(), api.Streamed(api.Object{"max_tokens": 1}))
	took := time.Since(begun)

	const heartbeat = ": hb\n"
	live := string(x.Body)
	if n := strings.Count(live, heartbeat); n < 2 || n > int(took/time.Second) {
		t.Errorf("%d heartbeats in %v", n, took)
	}
	id := x.Header.Get("X-Completion-Id")
	if diff := cmp.Diff(string(api.Get(t, s.URL(), id+"?stream=true").Body), strings.ReplaceAll(live, heartbeat, "")); diff != "" {
		t.Errorf("besides heartbeats the stream differs (-replayed +live)\n%s", diff)
	}
	api.Joined(t, api.Events(t, strings.NewReader(live)))
}

// TestNamesMakeNoOtherRequest repeats a request with its key, and asks for names by the Accept header this time.
func TestNamesMakeNoOtherRequest(t *testing.T) {
	t.Parallel()
	url := rig.Fast(t).URL()
	key := "Idempotency-Key: " + rand.Text()
	first := api.Record(t, url, nil, key)
	second := api.Record(t, url, nil, key, "Accept: text/event-stream; events=named")
	if first.ID != second.ID || !strings.Contains(second.Raw, "event: done\n") || strings.Contains(first.Raw, "event: ") {
		t.Errorf("%s and %s:\n%s", first.ID, second.ID, second.Raw)
	}
}
