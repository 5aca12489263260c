package rpc

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/wait"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// refusals counts, as the metrics do.
type refusals struct {
	mu  sync.Mutex
	all map[chat.Refusal]int
}

func (r *refusals) refused(why chat.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[why]++
}

// want compares the counts since the last call.
func (r *refusals) want(t *testing.T, why string, want map[chat.Refusal]int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if diff := cmp.Diff(want, maps.Clone(r.all)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", why, diff)
	}
	clear(r.all)
}

// TestRefusalsAreCounted lets unary and streamed calls be refused for lack of a place and of memory. A call
// that fails by its own fault must not count.
func TestRefusalsAreCounted(t *testing.T) {
	counted := &refusals{all: make(map[chat.Refusal]int)}
	engine := answer("a", "b")
	engine.hold = make(chan struct{})
	defer close(engine.hold)
	r := startWith(t, engine, nil, &limits{running: 1, memory: 1 << 10, refused: counted.refused})
	first, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: hello()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Recv(); err != nil {
		t.Fatal(err)
	}
	ask := func(params *completionv1.CompletionParams, want codes.Code) {
		t.Helper()
		_, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
		if status.Code(err) != want {
			t.Errorf("whole: %v, want %v", err, want)
		}
		stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: params})
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != want {
			t.Errorf("streamed: %v, want %v", err, want)
		}
	}
	counted.want(t, "one that is admitted", map[chat.Refusal]int{})

	other := hello()
	other.User = "somebody else" // otherwise it would join the first
	ask(other, codes.Unavailable)
	counted.want(t, "no place", map[chat.Refusal]int{chat.RefusedRunning: 2})

	long := hello()
	long.Messages[0].Content = &completionv1.ChatMessage_Text{Text: strings.Repeat("a", freeMemory)}
	ask(long, codes.Unavailable)
	counted.want(t, "no memory", map[chat.Refusal]int{chat.RefusedMemory: 2})

	unknown := hello()
	unknown.Model = "nobody"
	ask(unknown, codes.NotFound)
	counted.want(t, "its own fault", map[chat.Refusal]int{})
}

// TestStreamsAreShared opens as many streams as there may be. One caller opens half of them, and others open the
// rest. A stream that ends makes room for another one.
func TestStreamsAreShared(t *testing.T) {
	counted := &refusals{all: make(map[chat.Refusal]int)}
	engine := answer("a", "b")
	engine.hold = make(chan struct{})
	defer close(engine.hold)
	r := startWith(t, engine, nil, &limits{streams: 8, refused: counted.refused})
	create := func(ctx context.Context) (grpc.ServerStreamingClient[completionv1.CompletionEvent], error) {
		return r.client.StreamCompletion(ctx, &completionv1.StreamCompletionRequest{Params: hello()})
	}
	// open opens a stream, and returns what ends it.
	open := func(ctx context.Context, call func(context.Context) (grpc.ServerStreamingClient[completionv1.CompletionEvent], error)) (id string, end func(), err error) {
		ctx, end = context.WithCancel(ctx)
		t.Cleanup(end)
		stream, err := call(ctx)
		if err != nil {
			return "", nil, err
		}
		first, err := stream.Recv()
		return first.GetMetadata().GetId(), end, err
	}
	id, _, err := open(as(t.Context(), "ann"), create)
	if err != nil {
		t.Fatal(err)
	}
	follow := func(ctx context.Context) (grpc.ServerStreamingClient[completionv1.CompletionEvent], error) {
		return r.client.ResumeCompletion(ctx, &completionv1.ResumeCompletionRequest{CompletionId: id})
	}
	var end func()
	for range 3 { // beside the first one
		if _, end, err = open(as(t.Context(), "ann"), follow); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range []func(context.Context) (grpc.ServerStreamingClient[completionv1.CompletionEvent], error){follow, create} {
		if _, _, err := open(as(t.Context(), "ann"), call); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("ann's fifth stream: %v, want ResourceExhausted", err)
		}
	}
	counted.want(t, "one caller's share", map[chat.Refusal]int{chat.RefusedCallerStreams: 2})
	if _, err := r.client.GetCompletion(as(t.Context(), "ann"), &completionv1.GetCompletionRequest{CompletionId: id}); err != nil {
		t.Errorf("a call that is no stream: %v", err)
	}
	for range 4 {
		if _, _, err := open(t.Context(), create); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := open(t.Context(), create); status.Code(err) != codes.Unavailable {
		t.Errorf("the ninth stream: %v, want Unavailable", err)
	}
	counted.want(t, "all of them", map[chat.Refusal]int{chat.RefusedStreams: 1})
	end()
	for err := status.Error(codes.Unavailable, ""); err != nil; _, _, err = open(t.Context(), create) {
		if status.Code(err) != codes.Unavailable { // until the server has noticed
			t.Fatal(err)
		}
		if err := wait.For(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}
