package rpc

import (
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
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
