package models

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestQueueOfAServer sends a model server more requests than it may get at once. Callers that ask for events see each
// step of the queue, and callers beyond its length are told to come back.
func TestQueueOfAServer(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	models := fmt.Sprintf("models:\n  - name: narrow\n    targets: [{engine: openai, base_url: %s/talk, model: m, max_concurrent: 1, max_queue: 2}]\n", p.URL)
	url := rig.Own(t, stack.Options{Completion: []string{"--models=" + rig.ModelsFile(t, models)}}).URL()
	asking := func(user string, members api.Object) *http.Request {
		all := api.Object{"model": "narrow", "user": user, "stream": true}
		maps.Copy(all, members)
		return api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(all))
	}
	shown := api.Object{"stream_options": api.Object{"include_events": true}}

	occupy(t, p, url, "narrow")
	second := sse.NewDecoder(api.Send(t, asking("second", shown)).Body)
	readUntil(t, second, `"queue_position":1`)
	third := sse.NewDecoder(api.Send(t, asking("third", shown)).Body)
	readUntil(t, third, `"queue_position":2`)

	for name, stream := range map[string]bool{"streamed": true, "whole": false} {
		x := api.Do(t, asking(name, api.Object{"stream": stream}))
		if got := api.Refused(t, x); got != (api.Refusal{Status: http.StatusServiceUnavailable, Type: "server_error", Code: "overloaded"}) {
			t.Errorf("%s, of a full queue: %+v", name, got)
		}
		if s, err := strconv.Atoi(x.Header.Get("Retry-After")); err != nil || s < 1 {
			t.Errorf("%s: Retry-After is %q", name, x.Header.Get("Retry-After"))
		}
	}

	close(p.call(occupant + "narrow").release)
	soon(t, p.call("second").begun, "the second one's turn")
	readUntil(t, third, `"queue_position":1`)
	silent := make(chan api.Exchange, 1) // without events: it waits silently
	go func() { silent <- api.Do(t, asking("silent", nil)) }()

	var stages []string
	close(p.call("second").release)
	for e, err := range second.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Name.String() == "progress" {
			stage, _ := api.Decode(t, e.Data)["stage"].(string)
			stages = append(stages, stage)
		}
	}
	if diff := cmp.Diff([]string{"waiting"}, stages); diff != "" {
		t.Errorf("after the queue (-want +got)\n%s", diff)
	}
	soon(t, p.call("third").begun, "the third one's turn")
	close(p.call("third").release)
	readUntil(t, third, "[DONE]")
	soon(t, p.call("silent").begun, "the turn of who is told nothing")
	close(p.call("silent").release)
	select {
	case x := <-silent:
		if text := string(x.Body); x.Status != http.StatusOK || strings.Contains(text, "progress") || !strings.Contains(text, "[DONE]") {
			t.Errorf("status %d, body %s", x.Status, text)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("who asked for no events is not answered")
	}
	// No refused request has reached the server.
	for _, name := range []string{"streamed", "whole"} {
		select {
		case <-p.call(name).begun:
			t.Errorf("%s was refused, and asked for", name)
		default:
		}
	}
}

// TestQueueTakesTurnsOfCallers checks that a caller's first request is served before the second one of an earlier
// caller.
func TestQueueTakesTurnsOfCallers(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	models := fmt.Sprintf("models:\n  - name: narrow\n    targets: [{engine: openai, base_url: %s/talk, model: m, max_concurrent: 1}]\n", p.URL)
	url := rig.Own(t, stack.Options{
		Completion: []string{"--models=" + rig.ModelsFile(t, models)}, Edge: []string{"--auth=keys", "--auth-keys=" + rig.Keys(t, "many", "one")},
	}).URL()
	ask := func(who, user string) *sse.Decoder {
		return sse.NewDecoder(api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(api.Object{
			"model": "narrow", "user": user, "stream": true, "stream_options": api.Object{"include_events": true},
		}), rig.Bearer(who))).Body)
	}
	occupy(t, p, url, "narrow", rig.Bearer("many"))
	first := ask("many", "first")
	readUntil(t, first, `"queue_position":1`)
	second := ask("many", "second")
	readUntil(t, second, `"queue_position":2`)
	other := ask("one", "other")
	readUntil(t, other, `"queue_position":2`)
	readUntil(t, second, `"queue_position":3`)

	close(p.call(occupant + "narrow").release)
	for _, turn := range []struct {
		user string
		d    *sse.Decoder
	}{{"first", first}, {"other", other}, {"second", second}} {
		soon(t, p.call(turn.user).begun, "the turn of "+turn.user)
		close(p.call(turn.user).release)
		readUntil(t, turn.d, "[DONE]")
	}
}
