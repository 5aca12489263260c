package relay

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// replicas are called one after the other. Those without a script are behind a dead connection.
type replicas struct {
	completionv1.CompletionServiceClient
	scripts [][]step

	mu    sync.Mutex
	asked int
}

func (r *replicas) StreamCompletion(ctx context.Context, _ *completionv1.StreamCompletionRequest, opts ...grpc.CallOption) (stream, error) {
	return r.next(ctx, opts)
}

func (r *replicas) ResumeCompletion(ctx context.Context, _ *completionv1.ResumeCompletionRequest, opts ...grpc.CallOption) (stream, error) {
	return r.next(ctx, opts)
}

func (r *replicas) next(ctx context.Context, opts []grpc.CallOption) (stream, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if len(r.scripts) < r.asked {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	if script := r.scripts[r.asked-1]; script != nil {
		return &scripted{ctx: ctx, codec: codecOf(opts), steps: script}, nil
	}
	return &dead{ctx: ctx}, nil
}

// dead is the receiving end of a stream over a silently dead connection. Like gRPC, it finally returns no
// header, and the reason from RecvMsg.
type dead struct {
	grpc.ClientStream
	ctx context.Context
}

// said returns a refusal by the service itself.
func said(code codes.Code, reason string) error {
	st, err := status.New(code, "refused").WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "petstore.completion"})
	if err != nil {
		return err
	}
	return st.Err()
}

// keepalive is how long gRPC takes to notice a dead connection.
const keepalive = 14 * time.Second

func (*dead) Trailer() metadata.MD { return nil }

func (d *dead) Header() (metadata.MD, error) {
	select {
	case <-d.ctx.Done():
	case <-time.After(keepalive):
	}
	return nil, nil
}

func (d *dead) RecvMsg(any) error {
	if d.ctx.Err() != nil {
		return status.FromContextError(d.ctx.Err()).Err()
	}
	return status.Error(codes.Unavailable, "keepalive ping failed")
}

func (d *dead) Recv() (*completionv1.CompletionEvent, error) { return nil, d.RecvMsg(nil) }

// TestDeadConnection sends a request over a silently dead connection. If the request may be repeated, another
// replica must get it soon.
func TestDeadConnection(t *testing.T) {
	answer := func() []step { return events(first(text(0, "Hi")), done(1)) }
	for _, tt := range []struct {
		name    string
		scripts [][]step
		key     string
		resume  bool
		status  int
		within  time.Duration
		asked   int
	}{
		{"with a key", [][]step{nil, answer()}, "k", false, http.StatusOK, 3 * time.Second, 2},
		{"with a key, twice", [][]step{nil, nil, answer()}, "k", false, http.StatusOK, 4 * time.Second, 3},
		// It may have been admitted, but its id is unknown, and the client has received nothing.
		{"without a key", [][]step{nil, answer()}, "", false, http.StatusServiceUnavailable, keepalive + time.Second, 1},
		{"to resume", [][]step{nil, answer()}, "", true, http.StatusOK, 3 * time.Second, 2},
		{"with a key, refused elsewhere", [][]step{nil, {{err: said(codes.NotFound, "MODEL_NOT_FOUND")}}}, "k", false, http.StatusNotFound, 3 * time.Second, 2},
		{"with a key, lost before it is answered", [][]step{{{err: status.Error(codes.Unavailable, "reset")}}, answer()}, "k", false, http.StatusOK, time.Second, 2},
		{"without a key, lost before it is answered", [][]step{{{err: status.Error(codes.Unavailable, "reset")}}, answer()}, "", false, http.StatusServiceUnavailable, time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				behind := &replicas{scripts: tt.scripts}
				r := New(Config{Client: behind})
				w := newTape()
				begun := time.Now()
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", nil)
				var result Result
				if tt.resume {
					result = resume(r, w, req, nil, Options{})
				} else {
					result = create(r, w, req, &completionv1.StreamCompletionRequest{IdempotencyKey: tt.key}, Options{})
				}
				took := time.Since(begun)
				synctest.Wait()
				if w.Code != tt.status || took > tt.within || behind.asked != tt.asked {
					t.Errorf("status %d after %v and %d tries, %+v, want %d within %v after %d", w.Code, took, behind.asked, result, tt.status, tt.within, tt.asked)
				}
				if whole := strings.Contains(w.Body.String(), "[DONE]"); whole != (tt.status == http.StatusOK && tt.within < keepalive) {
					t.Errorf("the client gets %s", w.Body)
				}
			})
		})
	}
}
