package relay

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/dialect/chat"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const testID = "chatcmpl-TEST"

// A step is one action of a replica: it waits, and then sends an event or fails.
type step struct {
	after time.Duration
	event *completionv1.CompletionEvent
	err   error
	known time.Duration // how long the completion's id takes, if this is the first step
}

// A replica plays its scripts, one for each stream.
type replica struct {
	completionv1.CompletionServiceClient
	scripts [][]step
	resumed []*completionv1.ResumeCompletionRequest
}

// stream is the receiving end of a completion.
type stream = grpc.ServerStreamingClient[completionv1.CompletionEvent]

func (r *replica) StreamCompletion(ctx context.Context, _ *completionv1.StreamCompletionRequest, opts ...grpc.CallOption) (stream, error) {
	return r.next(ctx, opts)
}

func (r *replica) ResumeCompletion(ctx context.Context, req *completionv1.ResumeCompletionRequest, opts ...grpc.CallOption) (stream, error) {
	r.resumed = append(r.resumed, req)
	return r.next(ctx, opts)
}

func (r *replica) next(ctx context.Context, opts []grpc.CallOption) (stream, error) {
	if len(r.scripts) == 0 {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	script := r.scripts[0]
	r.scripts = r.scripts[1:]
	return &scripted{ctx: ctx, codec: codecOf(opts), steps: script}, nil
}

// scripted is the receiving end of a script.
type scripted struct {
	grpc.ClientStream
	ctx   context.Context
	codec encoding.CodecV2
	steps []step
}

// codecOf returns the codec of a call.
func codecOf(opts []grpc.CallOption) encoding.CodecV2 {
	for _, opt := range opts {
		if forced, ok := opt.(grpc.ForceCodecV2CallOption); ok {
			return forced.CodecV2
		}
	}
	return encoding.GetCodecV2("proto")
}

func (*scripted) Trailer() metadata.MD { return nil }

func (s *scripted) Header() (metadata.MD, error) {
	if len(s.steps) > 0 && s.steps[0].event == nil && s.steps[0].err != nil {
		_, err := s.Recv()
		return nil, err
	}
	if len(s.steps) > 0 && s.steps[0].known > 0 {
		<-time.After(s.steps[0].known)
	}
	return metadata.Pairs("pawstream-completion-id", testID), nil
}

func (s *scripted) Recv() (*completionv1.CompletionEvent, error) {
	if len(s.steps) == 0 {
		return nil, io.EOF
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	if next.after > 0 {
		select {
		case <-s.ctx.Done():
		case <-time.After(next.after):
		}
	}
	if err := s.ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	return next.event, next.err
}

// RecvMsg implements grpc.ClientStream, with the event in its wire format.
func (s *scripted) RecvMsg(m any) error {
	e, err := s.Recv()
	if err != nil {
		return err
	}
	wire, err := proto.Marshal(e)
	if err != nil {
		return err
	}
	return s.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, m)
}

// first adds the metadata of a stream's first message to an event.
func first(e *completionv1.CompletionEvent) *completionv1.CompletionEvent {
	e.Metadata = &completionv1.CompletionMetadata{Id: testID, Created: 1700000000, Model: "pet-advisor-1"}
	return e
}

func text(sequence uint64, content string) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Delta{
		Delta: &completionv1.Delta{Content: content},
	}}
}

func done(sequence uint64) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}}
}

func failed(sequence uint64, reason, message string) *completionv1.CompletionEvent {
	return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Error{
		Error: &completionv1.Error{Code: int32(codes.Unavailable), Reason: reason, Message: message},
	}}
}

// events returns steps without a wait.
func events(list ...*completionv1.CompletionEvent) []step {
	steps := make([]step, len(list))
	for i, e := range list {
		steps[i] = step{event: e}
	}
	return steps
}

// A tape records a response: each write with its time.
type tape struct {
	*httptest.ResponseRecorder
	begun  time.Time
	writes []write
	fail   error // the error of writes
}

type write struct {
	at   time.Duration
	text string
}

func newTape() *tape { return &tape{ResponseRecorder: httptest.NewRecorder(), begun: time.Now()} }

func (t *tape) Write(b []byte) (int, error) {
	if t.fail != nil {
		return 0, t.fail
	}
	if len(b) > 0 {
		t.writes = append(t.writes, write{time.Since(t.begun), string(b)})
	}
	return t.ResponseRecorder.Write(b)
}

// created runs a relay on a request that creates a completion.
func created(t *testing.T, r *replica, cfg Config, opts Options) (*tape, Result) {
	t.Helper()
	cfg.Client = r
	w := newTape()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", nil)
	return w, create(New(cfg), w, req, &completionv1.StreamCompletionRequest{}, opts)
}

// resumedAt runs a relay on a request that resumes a completion.
func resumedAt(t *testing.T, r *replica, after uint64, opts Options) (*tape, Result) {
	t.Helper()
	w := newTape()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/chat/completions/"+testID, nil)
	return w, resume(New(Config{Client: r}), w, req, &after, opts)
}

// create and resume use the dialect of chat completions.
func create(r *Relay, w http.ResponseWriter, req *http.Request, asked *completionv1.StreamCompletionRequest, opts Options) Result {
	opts.Dialect = chat.New()
	return r.Create(w, req, asked, opts)
}

func resume(r *Relay, w http.ResponseWriter, req *http.Request, after *uint64, opts Options) Result {
	opts.Dialect, opts.Reader.After = chat.New(), after
	return r.Resume(w, req, testID, opts)
}

// ids returns the ids of a response's frames.
func ids(body string) []string {
	var list []string
	for line := range strings.Lines(body) {
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			list = append(list, strings.TrimSuffix(id, "\n"))
		}
	}
	return list
}
