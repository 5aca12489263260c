package rpc

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A scripted engine yields its events. A nil script blocks until the context ends.
type scripted struct {
	events []chat.Event
	err    error
	hold   chan struct{} // when not nil: wait before the last event
}

// scriptedTarget is the target of scripted engines.
const scriptedTarget = "llama3@gpu-1:8000"

func (s *scripted) Check(_ context.Context, req *chat.Request) error {
	if req.User == "panic" {
		panic("engine check gone wrong")
	}
	return nil
}

func (s *scripted) Complete(ctx context.Context, _ *chat.Request, _ []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		chat.NoteTarget(ctx, scriptedTarget)
		for i, e := range s.events {
			if s.hold != nil && i == len(s.events)-1 {
				select {
				case <-s.hold:
				case <-ctx.Done():
					yield(chat.Event{}, ctx.Err())
					return
				}
			}
			if !yield(e, nil) {
				return
			}
		}
		if s.err != nil {
			yield(chat.Event{}, s.err)
		}
	}
}

// answer returns an engine that yields the words and finishes.
func answer(words ...string) *scripted {
	events := []chat.Event{chat.Opening(0)}
	for _, w := range words {
		events = append(events, chat.Text(0, w))
	}
	return &scripted{events: append(events, chat.Finish(0, chat.FinishStop),
		chat.UsageEvent(chat.Usage{PromptTokens: 3, CompletionTokens: int64(len(words))}))}
}

// A rig is a server over a real connection.
type rig struct {
	address string
	conn    *grpc.ClientConn
	client  completionv1.CompletionServiceClient
	models  completionv1.ModelServiceClient
}

// start serves an engine as model "test" until the test ends.
func start(t *testing.T, engine chat.Engine, logger *slog.Logger) *rig {
	t.Helper()
	return startWith(t, engine, logger, &limits{})
}

// limits are the limits of a test server, and the callback for refusals; the zero value has none.
type limits struct {
	running, memory, streams int

	refused func(chat.Refusal)
}

// startWith is start with limits.
func startWith(t *testing.T, engine chat.Engine, logger *slog.Logger, within *limits) *rig {
	t.Helper()
	store := memlog.New(memlog.Config{})
	service := service.New(service.Config{
		Log: store, Logger: logger, MaxRunning: within.running,
		Models: []chat.Model{{ID: "test", Created: time.Unix(1700000000, 0), OwnedBy: "tests", Aliases: []string{"TEST"}, Capabilities: chat.Capabilities{Tools: chat.Ignored, Prediction: chat.Used}, Fingerprint: "fp_test", Engine: engine}},
	})
	reports := telemetry.Discard()
	if logger != nil {
		reports.Logger = logger
	}
	refused := within.refused
	if refused == nil {
		refused = func(chat.Refusal) {}
	}
	server, _ := NewServer(service, completionv1.UnimplementedPetServiceServer{}, Access{TrustLocal: true}, budget.New(within.memory), within.streams, reports, refused)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = service.Shutdown(ended) // ends running completions
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		store.Close()
	})
	return &rig{
		address: listener.Addr().String(), conn: conn,
		client: completionv1.NewCompletionServiceClient(conn), models: completionv1.NewModelServiceClient(conn),
	}
}

func hello() *completionv1.CompletionParams {
	return &completionv1.CompletionParams{Model: "test", Messages: []*completionv1.ChatMessage{
		{Role: completionv1.Role_ROLE_USER, Content: &completionv1.ChatMessage_Text{Text: "Hello"}},
	}}
}

// as returns the context of a call for a principal.
func as(ctx context.Context, principal string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, PrincipalKey, principal)
}

// receive reads a stream to its end.
func receive(t *testing.T, stream grpc.ServerStreamingClient[completionv1.CompletionEvent], err error) ([]*completionv1.CompletionEvent, error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var list []*completionv1.CompletionEvent
	for {
		e, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return list, err
		}
		list = append(list, e)
	}
}
