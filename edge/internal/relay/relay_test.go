package relay

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/feed"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneMessageIsOneFrame(t *testing.T) {
	w, result := created(t, &replica{scripts: [][]step{events(first(text(0, "Hi")), text(1, "\n"), done(2))}}, Config{}, Options{})
	const chunk = `data: {"id":"chatcmpl-TEST","object":"chat.completion.chunk","created":1700000000,"model":"pet-advisor-1","choices":[{"index":0,"delta":{"content":"`
	const rest = `"},"logprobs":null,"finish_reason":null}]}` + "\n"
	want := chunk + `Hi` + rest + "retry: 1000\nid: chatcmpl-TEST.0\n\n" +
		chunk + `\n` + rest + "id: chatcmpl-TEST.1\n\n" +
		"data: [DONE]\nid: chatcmpl-TEST.2\n\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if result.Outcome != OutcomeDone || result.Events != 3 || result.Bytes != len(want) || result.Aborted {
		t.Errorf("result = %+v", result)
	}
	for name, want := range map[string]string{
		"Content-Type":      "text/event-stream; charset=utf-8",
		"Cache-Control":     "no-store, no-transform",
		"X-Accel-Buffering": "no",
		"X-Completion-Id":   testID,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestHeadersWaitForTheFirstEventButNotForLong(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  int
	}{
		{"failure while they wait", 900 * time.Millisecond, http.StatusServiceUnavailable},
		{"failure after they went out", 1100 * time.Millisecond, http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := []step{{after: tt.after, event: first(failed(0, "OVERLOADED", "Too much to do."))}}
				w, result := created(t, &replica{scripts: [][]step{script}}, Config{}, Options{})
				if w.Code != tt.want {
					t.Errorf("status = %d, want %d", w.Code, tt.want)
				}
				if result.Outcome != OutcomeError || !strings.Contains(w.Body.String(), `"message":"Too much to do."`) {
					t.Errorf("outcome %q, body %q", result.Outcome, w.Body)
				}
			})
		})
	}
}

func TestSilenceShowsHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := []step{
			{after: 25 * time.Second, event: first(text(0, "a"))},
			{after: 9 * time.Second, event: text(1, "b")},
			{after: 11 * time.Second, event: done(2)},
		}
		w, _ := created(t, &replica{scripts: [][]step{script}}, Config{Heartbeat: 10 * time.Second}, Options{})
		var beats []time.Duration
		for _, write := range w.writes {
			if write.text == ": hb\n" {
				beats = append(beats, write.at)
			}
		}
		// The headers go out after a second, so the first silence counts from there.
		want := []time.Duration{11 * time.Second, 21 * time.Second, 44 * time.Second}
		if diff := cmp.Diff(want, beats); diff != "" {
			t.Errorf("heartbeats (-want +got):\n%s", diff)
		}
	})
}

// TestNoHeartbeatBeforeTheCompletionIsKnown checks that the headers wait for the completion's id.
func TestNoHeartbeatBeforeTheCompletionIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := []step{{known: 25 * time.Second, after: 6 * time.Second, event: first(text(0, "a"))}, {event: done(1)}}
		w, _ := created(t, &replica{scripts: [][]step{script}}, Config{Heartbeat: 10 * time.Second}, Options{})
		if len(w.writes) == 0 || w.writes[0].at < 25*time.Second {
			t.Errorf("writes: %v", w.writes)
		}
		if got := w.Header().Get("X-Completion-Id"); got != testID {
			t.Errorf("X-Completion-Id is %q", got)
		}
		if got := w.Result().Header.Get("X-Completion-Id"); got != testID {
			t.Errorf("X-Completion-Id was %q when the headers left", got)
		}
	})
}

func TestWaitingMessagesShareAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := []step{{event: first(text(0, "a"))}, {after: time.Second, event: text(1, "b")}}
		for i := range uint64(20) {
			script = append(script, step{event: text(2+i, "c")})
		}
		script = append(script, step{event: done(22)})
		w, _ := created(t, &replica{scripts: [][]step{script}}, Config{}, Options{})
		if got := len(ids(w.Body.String())); got != 23 {
			t.Errorf("%d frames, want 23", got)
		}
		if got := len(w.writes); got > 12 {
			t.Errorf("%d writes for a burst of 22 events", got)
		}
	})
}

func TestStreamGoesOnElsewhere(t *testing.T) {
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	synctest.Test(t, func(t *testing.T) {
		r := &replica{scripts: [][]step{
			{{event: first(text(0, "a"))}, {event: text(1, "b")}, {err: gone}},
			{{err: gone}},
			// Events that were received before are not shown again.
			{{after: time.Second, event: first(text(1, "b"))}, {event: text(2, "c")}, {event: done(3)}},
		}}
		w, result := created(t, r, Config{}, Options{})
		want := []string{"chatcmpl-TEST.0", "chatcmpl-TEST.1", "chatcmpl-TEST.2", "chatcmpl-TEST.3"}
		if diff := cmp.Diff(want, ids(w.Body.String())); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
		if result.Outcome != OutcomeDone {
			t.Errorf("outcome = %q, want done", result.Outcome)
		}
		for i, req := range r.resumed {
			if req.GetAfterSequence() != 1 || req.GetCompletionId() != testID {
				t.Errorf("resume %d = %v", i, req)
			}
		}
	})
}

// failedLine is the chat dialect's line after a failure, for readers of lines.
const failedLine = "data: [ERROR]\n"

func TestStreamThatCannotGoOnEndsWithAnErrorFrame(t *testing.T) {
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	begin := []step{{event: first(text(0, "a"))}, {err: gone}}
	for _, tt := range []struct {
		name    string
		scripts [][]step
		code    string
	}{
		{"no replica comes back", [][]step{begin}, "overloaded"},
		{"the completion is gone", [][]step{begin, {{err: status.Error(codes.NotFound, "no such completion")}}}, "completion_lost"},
		{"events are missing", [][]step{begin, events(first(text(2, "c")), done(3))}, "internal_error"},
		{"the stream ends early", [][]step{events(first(text(0, "a")))}, "internal_error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, result := created(t, &replica{scripts: tt.scripts}, Config{}, Options{})
				frames := strings.Split(strings.TrimSuffix(w.Body.String(), "\n\n"+failedLine), "\n\n")
				last := strings.TrimPrefix(frames[len(frames)-1], ": hb\n")
				if !strings.HasPrefix(last, `data: {"error":{`) || !strings.Contains(last, `"code":"`+tt.code+`"`) {
					t.Errorf("last frame = %q, want an error %s without an id", last, tt.code)
				}
				if result.Outcome != OutcomeError || result.Aborted {
					t.Errorf("result = %+v", result)
				}
				if took := time.Since(w.begun); took > 2*feed.DefaultReopenWithin {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestNothingAfterTheCursorIs204(t *testing.T) {
	w, result := resumedAt(t, &replica{scripts: [][]step{nil}}, 7, Options{EventSource: true})
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || result.Outcome != OutcomeDone {
		t.Errorf("status %d, body %q, outcome %q", w.Code, w.Body, result.Outcome)
	}
}

// TestNothingAfterTheCursorOfAPOSTIsAStreamThatEnds checks that the answer is a stream: a client that resumes
// by POST takes anything else as a failure, and retries.
func TestNothingAfterTheCursorOfAPOSTIsAStreamThatEnds(t *testing.T) {
	w, after := newTape(), uint64(7)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", nil)
	result := resume(New(Config{Client: &replica{scripts: [][]step{nil}}}), w, req, &after, Options{})
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream; charset=utf-8" || result.Outcome != OutcomeDone {
		t.Errorf("status %d, header %v, outcome %q", w.Code, w.Header(), result.Outcome)
	}
	if got := w.Body.String(); got != ": nothing after this event\n" {
		t.Errorf("body %q", got)
	}
}

func TestPassingFaultAsksEventSourceToComeBack(t *testing.T) {
	w, _ := resumedAt(t, &replica{}, 7, Options{EventSource: true})
	if w.Code != http.StatusOK || !comesBack.MatchString(w.Body.String()) {
		t.Errorf("EventSource: status %d, body %q, want 200 and %v", w.Code, w.Body, comesBack)
	}
	w, _ = resumedAt(t, &replica{}, 7, Options{})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("others: status %d, header %v, want 503 with Retry-After", w.Code, w.Header())
	}
}

// comesBack matches the end of a stream whose EventSource should reconnect in a second or two.
var comesBack = regexp.MustCompile(`(^|\n\n)retry: 1[0-9]{3}\n: temporarily unavailable\n$`)

// long is a replica whose completion takes an hour.
func long() *replica {
	return &replica{scripts: [][]step{{{event: first(text(0, "a"))}, {after: time.Hour, event: done(1)}}}}
}

func TestStreamIsHandedOverWhenTheRightToItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := Options{Until: time.Now().Add(5 * time.Second)}
		w, result := created(t, long(), Config{}, opts)
		if result.Outcome != OutcomeHandedOver || !result.Aborted || time.Since(w.begun) != 5*time.Second {
			t.Errorf("POST: %+v after %v", result, time.Since(w.begun))
		}
		opts = Options{Until: time.Now().Add(5 * time.Second), EventSource: true}
		w, result = resumedAt(t, long(), 0, opts)
		if result.Outcome != OutcomeHandedOver || result.Aborted || !comesBack.MatchString(w.Body.String()) {
			t.Errorf("EventSource: %+v, body %q", result, w.Body)
		}
	})
}

func TestStreamEndsAtTheClientsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, result := created(t, long(), Config{}, Options{Deadline: time.Now().Add(5 * time.Second)})
		if result.Outcome != OutcomeError || result.Aborted || !strings.Contains(w.Body.String(), `"code":"deadline_exceeded"`) {
			t.Errorf("%+v, body %q", result, w.Body)
		}
		script := &replica{scripts: [][]step{{{after: time.Hour, event: first(text(0, "a"))}}}}
		w, _ = created(t, script, Config{HeaderDelay: time.Minute}, Options{Deadline: time.Now().Add(5 * time.Second)})
		if w.Code != http.StatusGatewayTimeout || w.Header().Get("X-Should-Retry") != "false" {
			t.Errorf("before the headers: status %d, header %v", w.Code, w.Header())
		}
	})
}

func TestDrain(t *testing.T) {
	for _, tt := range []struct {
		name        string
		patience    time.Duration
		handedOver  int
		eventSource bool
	}{
		{"streams end in time", 2 * time.Hour, 0, false},
		{"streams are aborted", time.Minute, 1, false},
		{"an EventSource is told to come back", time.Minute, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Config{Client: long()})
				w := newTape()
				req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
				var result Result
				served := make(chan struct{})
				go func() {
					defer close(served)
					result = resume(r, w, req, nil, Options{EventSource: tt.eventSource})
				}()
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), tt.patience)
				defer cancel()
				handedOver := r.Drain(ctx)
				<-served
				aborted := tt.handedOver == 1 && !tt.eventSource
				if handedOver != tt.handedOver || result.Aborted != aborted || (result.Outcome == OutcomeHandedOver) != (tt.handedOver == 1) {
					t.Errorf("%d handed over, %+v", handedOver, result)
				}
			})
		})
	}
	if handedOver := New(Config{}).Drain(t.Context()); handedOver != 0 {
		t.Errorf("%d handed over of none", handedOver)
	}
}

func TestErrorOfAReplayIsAFrame(t *testing.T) {
	w := newTape()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r := &replica{scripts: [][]step{events(first(failed(0, "UPSTREAM_ERROR", "The model failed.")))}}
	resume(New(Config{Client: r}), w, req, nil, Options{})
	if w.Code != http.StatusOK || !strings.HasSuffix(w.Body.String(), "id: chatcmpl-TEST.0\n\n"+failedLine) {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

func TestCancelIsAnOutcomeOfItsOwn(t *testing.T) {
	r := &replica{scripts: [][]step{events(first(text(0, "a")), failed(1, "COMPLETION_CANCELLED", "The completion was cancelled."))}}
	if _, result := created(t, r, Config{}, Options{}); result.Outcome != OutcomeCancelled || result.Err != nil {
		t.Errorf("%+v", result)
	}
}

func TestNamesAreForThoseWhoAsk(t *testing.T) {
	progress := &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Progress{
		Progress: &completionv1.Progress{Stage: completionv1.Progress_STAGE_RETRIEVAL},
	}}
	script := func() *replica {
		return &replica{scripts: [][]step{events(first(progress), text(0, "a"), done(1))}}
	}
	w, _ := created(t, script(), Config{}, Options{Reader: dialect.Reader{Named: true}})
	for _, want := range []string{"event: progress\n", "event: done\n"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("body lacks %q:\n%s", want, w.Body)
		}
	}
	if got := len(ids(w.Body.String())); got != 2 {
		t.Errorf("%d ids, want 2: progress has none", got)
	}
}

func TestClientThatLeavesEndsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithTimeout(t.Context(), 5*time.Second)
		defer leave()
		w := newTape()
		r := &replica{scripts: [][]step{{{event: first(text(0, "a"))}, {after: time.Hour, event: done(1)}}}}
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
		result := create(New(Config{Client: r}), w, req, &completionv1.StreamCompletionRequest{}, Options{})
		if result.Outcome != OutcomeDisconnected || !result.Aborted || time.Since(w.begun) != 5*time.Second {
			t.Errorf("result %+v after %v", result, time.Since(w.begun))
		}
	})
}

func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Outcome
	}{
		{os.ErrDeadlineExceeded, OutcomeSlow},
		{errors.New("connection reset by peer"), OutcomeDisconnected},
	} {
		w := newTape()
		w.fail = tt.err
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		r := &replica{scripts: [][]step{events(first(text(0, "a")), done(1))}}
		result := create(New(Config{Client: r}), w, req, &completionv1.StreamCompletionRequest{}, Options{})
		if result.Outcome != tt.want || !result.Aborted {
			t.Errorf("%v: result %+v, want outcome %q and an abort", tt.err, result, tt.want)
		}
	}
}
