package relay

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// opened is [folded] with a frame at admission.
type opened struct{ folded }

func (opened) Project(r dialect.Reader) dialect.Projection {
	return &opening{folding{after: r.After}}
}

type opening struct{ folding }

func (*opening) Needs() dialect.Needs { return dialect.Needs{Opening: true} }

// TestOpening begins a stream with an opening at once, and continues or fails it later.
func TestOpening(t *testing.T) {
	gone := status.Error(codes.Unavailable, "error reading from server: EOF")
	failed := &completionv1.CompletionEvent{Event: &completionv1.CompletionEvent_Error{Error: &completionv1.Error{Code: 14, Reason: "UPSTREAM_ERROR"}}}
	begin := func() step { return step{event: first(&completionv1.CompletionEvent{})} }
	later := func(after time.Duration, e *completionv1.CompletionEvent) step { return step{after: after, event: e} }
	for _, tt := range []struct {
		name    string
		scripts [][]step
		status  int
		body    string
	}{
		{
			"shown while the first event is to come",
			[][]step{{begin(), later(3*time.Second, text(0, "a")), later(0, done(1))}},
			200,
			"data: 0 created pet-advisor-1\n\ndata: 1 added\n\ndata: 2 delta a\n\ndata: 3 completed \"a\"\n\n",
		},
		{"failed soon", [][]step{{begin(), later(0, failed)}}, 529, "upstream_error"},
		{"failed late", [][]step{{begin(), later(3*time.Second, failed)}}, 200, "data: 0 created pet-advisor-1\n\ndata: 1 failed UPSTREAM_ERROR\n\n"},
		{
			"shown once",
			[][]step{{begin(), {err: gone}}, {begin(), later(0, text(0, "a")), later(0, done(1))}},
			200,
			"data: 0 created pet-advisor-1\n\ndata: 1 added\n\ndata: 2 delta a\n\ndata: 3 completed \"a\"\n\n",
		},
		{
			"not known to an older service",
			[][]step{{later(0, first(text(0, "a"))), later(0, done(1))}},
			200,
			"data: 0 created pet-advisor-1\n\ndata: 1 added\n\ndata: 2 delta a\n\ndata: 3 completed \"a\"\n\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTape()
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
				create := &completionv1.StreamCompletionRequest{}
				New(Config{Client: &replica{scripts: tt.scripts}}).Create(w, req, create, Options{Dialect: opened{}})
				if diff := cmp.Diff(tt.body, w.Body.String()); diff != "" || w.Code != tt.status || !create.GetOpening() {
					t.Errorf("status %d, want %d; asked for %v; body (-want +got):\n%s", w.Code, tt.status, create, diff)
				}
				if got := w.Header().Get("X-Completion-Id"); got != "folded-"+testID {
					t.Errorf("the completion is %q", got)
				}
			})
		})
	}
}
