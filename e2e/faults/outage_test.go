package faults

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/cut"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestCutBehindTheEdge cuts the connections between the edge and the completion service. The client does not notice.
func TestCutBehindTheEdge(t *testing.T) {
	t.Parallel()
	var proxy *cut.Proxy
	s := rig.Own(t, stack.Options{Pace: rig.SteadyPace, Between: func(address string) (string, error) {
		var err error
		proxy, err = cut.Listen(address, cut.Each(cut.Plan{After: 600}))
		return proxy.Addr(), err
	}})
	t.Cleanup(proxy.Close)
	r := api.Record(t, s.URL(), nil)
	direct := rig.Steady(t)
	if diff := cmp.Diff(api.Whole(t, direct.URL()), api.Joined(t, r.Events)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	api.AtLeastTwo(t, proxy.Cuts())
}

// TestOutage stops the completion service under the edge.
func TestOutage(t *testing.T) {
	t.Parallel()
	var gone atomic.Bool
	s, err := rig.Programs(t).Stack(t.Context(), stack.Options{Pace: 5, Edge: []string{"--reopen-within=1s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !gone.Load() {
			s.Completion.Kill()
		}
		if err := s.Edge.Stop(); err != nil {
			t.Error(err)
		}
	})
	running := api.Send(t, api.Request(t, http.MethodPost, s.URL()+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	id := running.Header.Get("X-Completion-Id")
	s.Completion.Kill()
	gone.Store(true)

	t.Run("a running stream ends with an error", func(t *testing.T) {
		all := api.Events(t, running.Body) // a clean end would pass for success
		var last api.Chunk
		if err := json.Unmarshal([]byte(all[len(all)-1].Data), &last); err != nil || last.Error == nil || last.Error.Type != "server_error" {
			t.Errorf("%v, the stream ends with %s", err, all[len(all)-1].Data)
		}
	})
	t.Run("others are told when to come back", func(t *testing.T) {
		wantOverloaded(t, map[string]api.Exchange{
			"create":       api.Post(t, s.URL(), api.Streamed(nil)),
			"create whole": api.Post(t, s.URL(), api.Body(nil)),
			"follow":       api.Get(t, s.URL(), id+"?stream=true", "Last-Event-ID: "+api.EventID(id, 1)),
			"get":          api.Get(t, s.URL(), id),
		})
	})
	t.Run("an EventSource comes back by itself", func(t *testing.T) {
		resp := api.Send(t, api.Request(t, http.MethodGet, s.URL()+"/v1/chat/completions/"+id, "", "Accept: text/event-stream"))
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%v, %s, %v", err, resp.Status, resp.Header)
		}
		decoder := sse.NewDecoder(strings.NewReader(string(text)))
		if e, err := decoder.Next(); err == nil {
			t.Errorf("an event: %v", e)
		}
		if retry, given := decoder.Retry(); !given || retry < time.Second || retry > 2*time.Second || strings.Contains(string(text), "\n\n") {
			t.Errorf("the answer is %q", text)
		}
	})
}

// wantOverloaded checks that requests were refused with a hint when to retry.
func wantOverloaded(t *testing.T, answers map[string]api.Exchange) {
	t.Helper()
	for name, x := range answers {
		want := api.Refusal{Status: http.StatusServiceUnavailable, Type: "server_error", Code: "overloaded"}
		if diff := cmp.Diff(want, api.Refused(t, x)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		seconds, err := strconv.Atoi(x.Header.Get("Retry-After"))
		ms, msErr := strconv.Atoi(x.Header.Get("Retry-After-Ms"))
		if err != nil || msErr != nil || seconds < 1 || seconds > 8 || ms < 1 || ms > 8000 {
			t.Errorf("%s: headers %v", name, x.Header)
		}
	}
}

// TestOutageOfTheLog stops the log under a completion service for good. Streams get an error after a bounded wait,
// and new requests a hint to retry.
func TestOutageOfTheLog(t *testing.T) {
	skip.Long(t, "each has a fault and waits out what follows; TestFaults/single has most kinds at random")
	t.Parallel()
	nats := rig.NATS(t)
	replica := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=5", "--nats-url="+nats.ClientURL())
	t.Cleanup(replica.Kill) // it logs errors, as it should
	edge := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+replica.Addr("grpc"), "--reopen-within=1s")
	url := "http://" + edge.Addr("http")
	running := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	id := running.Header.Get("X-Completion-Id")
	nats.Shutdown()
	wantOverloaded(t, map[string]api.Exchange{
		"create":       api.Post(t, url, api.Streamed(nil)),
		"create whole": api.Post(t, url, api.Body(nil)),
		"get":          api.Get(t, url, id),
		"list":         api.Do(t, api.Request(t, http.MethodGet, url+"/v1/chat/completions", "")),
	})
	all := api.Events(t, running.Body)
	if told := api.Failure(all[len(all)-1]); told == nil || told.Type != "server_error" {
		t.Errorf("the stream ends with %s", all[len(all)-1].Data)
	}
}
