package relay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// folded is a dialect that differs from chat completions in everything: it has a frame before the first event,
// two for the first text, none for reasoning, its own numbers, the whole answer in its last frame, a heartbeat
// with data, and no ids.
type folded struct{ dialect.Dialect }

func (folded) Project(r dialect.Reader) dialect.Projection { return &folding{after: r.After} }

func (folded) PublicID(id string) string { return "folded-" + id }

func (folded) Failure(e *failure.Error) (int, []byte) { return 529, []byte(e.Code) }

type folding struct {
	after *uint64
	next  uint64
	whole string
}

func (f *folding) Needs() dialect.Needs { return dialect.Needs{} }

// frame appends a numbered frame, unless the reader has it.
func (f *folding) frame(dst []byte, format string, args ...any) []byte {
	n := f.next
	f.next++
	if f.after != nil && n <= *f.after {
		return dst
	}
	return fmt.Appendf(dst, "data: %d %s\n\n", n, fmt.Sprintf(format, args...))
}

func (f *folding) Open(dst []byte, meta *completionv1.CompletionMetadata) ([]byte, error) {
	return f.frame(dst, "created %s", meta.GetModel()), nil
}

func (f *folding) Event(dst []byte, e *completionv1.CompletionEvent) ([]byte, error) {
	switch {
	case e.GetDone() != nil:
		return f.frame(dst, "completed %q", f.whole), nil
	case e.GetError() != nil:
		return f.frame(dst, "failed %s", e.GetError().GetReason()), nil
	case e.GetDelta().GetContent() != "":
		return f.Text(dst, e.GetSequence(), 0, []byte(e.GetDelta().GetContent()))
	}
	return dst, nil
}

func (f *folding) Text(dst []byte, _ uint64, _ int32, text []byte) ([]byte, error) {
	if f.whole == "" {
		dst = f.frame(dst, "added")
	}
	f.whole += string(text)
	return f.frame(dst, "delta %s", text), nil
}

func (*folding) Heartbeat(dst []byte) []byte { return append(dst, "data: beat\n\n"...) }

func (*folding) Failure(dst []byte, e *failure.Error) []byte {
	return append(dst, "data: error "+e.Code+"\n\n"...)
}

func (*folding) Nothing(dst []byte) []byte { return append(dst, ": nothing\n"...) }

// hm is an event that folded does not show.
func hm(sequence uint64) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Delta{Delta: &completionv1.Delta{Reasoning: "hm"}}}
}

// foldedAfter returns the response to a reader with a cursor.
func foldedAfter(t *testing.T, method string, r *replica, after *uint64) (*tape, Result) {
	t.Helper()
	w := newTape()
	req := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	return w, New(Config{Client: r}).Resume(w, req, testID, Options{Dialect: folded{}, Reader: dialect.Reader{After: after}})
}

func TestADialectThatFolds(t *testing.T) {
	log := func() []*completionv1.CompletionEvent {
		return []*completionv1.CompletionEvent{first(hm(0)), text(1, "a"), hm(2), text(3, "b"), done(4)}
	}
	whole := []string{"data: 0 created pet-advisor-1", "data: 1 added", "data: 2 delta a", "data: 3 delta b", `data: 4 completed "ab"`}
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	for cut := range len(log()) {
		for after := -1; after < len(whole)-1; after++ {
			t.Run(fmt.Sprintf("cut before %d, resumed after %d", cut, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := &replica{scripts: [][]step{append(events(log()[:cut]...), step{err: gone}), events(log()...)}}
					if cut > 0 { // the second replica begins with the completion's metadata
						resumed := log()[cut:]
						first(resumed[0])
						r.scripts[1] = events(resumed...)
					}
					var cursor *uint64
					if after >= 0 {
						cursor = new(uint64(after))
					}
					w, result := foldedAfter(t, http.MethodGet, r, cursor)
					if diff := cmp.Diff(strings.Join(whole[after+1:], "\n\n")+"\n\n", w.Body.String()); diff != "" {
						t.Errorf("body (-want +got):\n%s", diff)
					}
					if result.Outcome != OutcomeDone || w.Code != http.StatusOK || r.resumed[0].AfterSequence != nil {
						t.Errorf("status %d, %+v, asked for %v", w.Code, result, r.resumed[0])
					}
				})
			})
		}
	}
}

func TestADialectThatFoldsHasNothingToShow(t *testing.T) {
	last := uint64(3)
	script := func() *replica {
		return &replica{scripts: [][]step{events(first(text(0, "a")), text(1, ""), done(2))}}
	}
	w, result := foldedAfter(t, http.MethodGet, script(), &last)
	if w.Code != http.StatusNoContent || w.Body.Len() > 0 || result.Outcome != OutcomeDone || result.Events != 0 {
		t.Errorf("GET: status %d, body %q, %+v", w.Code, w.Body, result)
	}
	w, result = foldedAfter(t, http.MethodPost, script(), &last)
	if w.Code != http.StatusOK || w.Body.String() != ": nothing\n" || result.Outcome != OutcomeDone {
		t.Errorf("POST: status %d, body %q, %+v", w.Code, w.Body, result)
	}
}

func TestTheDialectSaysHowSilenceAndFailuresLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := []step{
			{after: 12 * time.Second, event: first(text(0, "a"))},
			{after: 12 * time.Second, event: text(5, "b")}, // a gap
		}
		w, result := foldedAfter(t, http.MethodGet, &replica{scripts: [][]step{script}}, nil)
		want := "data: beat\n\ndata: 0 created pet-advisor-1\n\ndata: 1 added\n\ndata: 2 delta a\n\ndata: beat\n\ndata: error internal_error\n\n"
		if diff := cmp.Diff(want, w.Body.String()); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if result.Outcome != OutcomeError || result.Aborted {
			t.Errorf("%+v", result)
		}
	})
	w, _ := foldedAfter(t, http.MethodGet, &replica{scripts: [][]step{{{err: said(codes.NotFound, "MODEL_NOT_FOUND")}}}}, nil)
	if w.Code != 529 || w.Body.String() != "model_not_found" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	// A completion that fails at once gives a status, and no frames.
	w = newTape()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r := &replica{scripts: [][]step{events(first(failed(0, "OVERLOADED", "Too much to do.")))}}
	New(Config{Client: r}).Create(w, req, &completionv1.StreamCompletionRequest{}, Options{Dialect: folded{}})
	if w.Code != 529 || w.Body.String() != "overloaded" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

// TestNothingFollowsTheLastEvent triggers everything that writes, between the terminal event and the end of the
// gRPC stream.
func TestNothingFollowsTheLastEvent(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts Options
		stop time.Duration // when the edge stops; 0: not
	}{
		{"silence", Options{}, 0},
		{"the right ends", Options{Until: time.Now().Add(5 * time.Second)}, 0},
		{"the deadline passes", Options{Deadline: time.Now().Add(5 * time.Second)}, 0},
		{"the edge stops", Options{EventSource: true}, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if !tt.opts.Until.IsZero() {
					tt.opts.Until = time.Now().Add(5 * time.Second)
				}
				if !tt.opts.Deadline.IsZero() {
					tt.opts.Deadline = time.Now().Add(5 * time.Second)
				}
				script := []step{{event: first(text(0, "a"))}, {event: done(1)}, {after: time.Minute, err: status.Error(codes.Unavailable, "")}}
				r := New(Config{Client: &replica{scripts: [][]step{script}}})
				w := newTape()
				var result Result
				served := make(chan struct{})
				go func() {
					defer close(served)
					result = resume(r, w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), nil, tt.opts)
				}()
				synctest.Wait()
				if tt.stop > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), tt.stop)
					r.Drain(ctx)
					cancel()
				}
				<-served
				if !strings.HasSuffix(w.Body.String(), "data: [DONE]\nid: chatcmpl-TEST.1\n\n") {
					t.Errorf("body %q", w.Body)
				}
				if result.Outcome != OutcomeDone || result.Aborted {
					t.Errorf("%+v", result)
				}
			})
		})
	}
}
