package models

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// patientModels are a model for each path of a patient, and for each queue, with room for one running request and one
// waiting.
func patientModels(p *patient, queues ...string) string {
	var text strings.Builder
	text.WriteString("models:\n")
	for _, way := range []string{"silent", "talk"} {
		fmt.Fprintf(&text, "  - name: %[1]s\n    targets: [{engine: openai, base_url: %[2]s/%[1]s, model: m}]\n", way, p.URL)
	}
	for _, name := range queues {
		fmt.Fprintf(&text, "  - name: %s\n    targets: [{engine: openai, base_url: %s/talk, model: %[1]s, max_concurrent: 1, max_queue: 1}]\n", name, p.URL)
	}
	return text.String()
}

// TestCancelClosesTheServersConnection gives up requests in every phase, by leaving and by POST .../cancel, and
// measures when the model server notices.
func TestCancelClosesTheServersConnection(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	s := rig.Own(t, stack.Options{Completion: []string{"--models=" + rig.ModelsFile(t, patientModels(p, "queue-leave", "queue-cancel"))}})
	url := s.URL()
	for _, phase := range []struct {
		name, model string
		stream      bool
		waits       string // text that the client reads first
	}{
		{name: "queued", model: "queue", stream: true, waits: `"stage":"queued"`},
		{name: "waiting for the first event", model: "silent", stream: true, waits: `"stage":"waiting"`},
		{name: "streaming", model: "talk", stream: true, waits: `"content":"word "`},
		{name: "not streamed", model: "talk"},
		{name: "not streamed, and silent", model: "silent"},
	} {
		for _, way := range []string{"leave", "cancel"} {
			t.Run(phase.name+", "+way, func(t *testing.T) {
				t.Parallel()
				model := phase.model
				if model == "queue" {
					model += "-" + way
					occupy(t, p, url, model)
				}
				user := t.Name()
				call := p.call(user)
				members := api.Object{
					"model": model, "user": user, "stream": phase.stream,
					"on_disconnect": "cancel", "store": true, "metadata": api.Object{"test": user},
				}
				if phase.stream {
					members["stream_options"] = api.Object{"include_events": true}
				}
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				req := api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(members)).WithContext(ctx)
				ended := make(chan error, 1)
				if phase.stream {
					resp := api.Send(t, req)
					d := sse.NewDecoder(resp.Body)
					readUntil(t, d, phase.waits)
					go func() { ended <- drained(d) }()
				} else {
					go func() {
						resp, err := api.Plain.Do(req)
						if err == nil {
							err = resp.Body.Close()
						}
						ended <- err
					}()
				}
				if model == phase.model {
					soon(t, call.begun, "the call")
				}

				id := storedID(t, url, user)
				begun := time.Now()
				if way == "leave" {
					leave()
				} else {
					api.Cancel(t, url, id)
				}
				if model == phase.model {
					took := soon(t, call.left, "the end of the connection").Sub(begun)
					t.Logf("the server's connection was closed after %v", took.Round(10*time.Microsecond))
					if took > 2*time.Second {
						t.Errorf("the server's connection was closed after %v", took)
					}
				}
				api.IsCancelledSoon(t, url, id)
				if err := <-ended; way == "cancel" && err != nil {
					t.Errorf("the client's connection ends with %v", err)
				}
				if model == phase.model {
					return
				}
				// The place in the queue is free: the next request waits in it, and is served.
				resp := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(api.Object{
					"model": model, "user": user + " next", "stream": true, "stream_options": api.Object{"include_events": true},
				})))
				d := sse.NewDecoder(resp.Body)
				readUntil(t, d, `"queue_position":1`)
				close(p.call(occupant + model).release)
				soon(t, p.call(user+" next").begun, "the next one's turn")
				close(p.call(user + " next").release)
				readUntil(t, d, "[DONE]")
				select {
				case <-call.begun:
					t.Error("who was cancelled in the queue was asked for")
				default:
				}
			})
		}
	}
}

// occupant is the user that takes the one place of a queue's model.
const occupant = "occupant of "

// occupy takes a model's one place until the occupant's call is released.
func occupy(t *testing.T, p *patient, url, model string, headers ...string) {
	t.Helper()
	api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(api.Object{
		"model": model, "user": occupant + model, "stream": true, "on_disconnect": "cancel",
	}), headers...))
	soon(t, p.call(occupant+model).begun, "the occupant's turn")
}

// readUntil reads events until one contains text.
func readUntil(t *testing.T, d *sse.Decoder, text string) {
	t.Helper()
	for {
		e, err := d.Next()
		if err != nil {
			t.Fatalf("%v before %s", err, text)
		}
		if strings.Contains(e.Data, text) {
			return
		}
	}
}

// drained reads a stream to its end.
func drained(d *sse.Decoder) error {
	for _, err := range d.Events() {
		if err != nil {
			return err
		}
	}
	return nil
}

// storedID returns the id of a test's one stored completion.
func storedID(t *testing.T, url, test string) string {
	t.Helper()
	var id string
	rig.Eventually(t, 10*time.Second, func() error {
		var page api.StoredPage
		api.Do(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions", "")).Into(t, &page)
		for _, c := range page.Data {
			if c.Metadata["test"] == test {
				id = c.ID
				return nil
			}
		}
		return rig.ErrNotYet
	})
	return id
}
