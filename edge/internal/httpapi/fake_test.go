package httpapi

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pawstream/pawstream/edge/internal/auth"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// What a [service] has.
const (
	owner      = "owner"
	completion = "chatcmpl-MINE"  // the owner's, of modelB
	another    = "chatcmpl-OTHER" // the owner's, too
	modelA     = "model-a"
	modelB     = "model-b"
	aliasA     = "MODEL_A" // modelA's other name
)

// A service is a completion service that has two completions of one owner. It notes what it is
// asked for, and on whose behalf.
type service struct {
	completionv1.UnimplementedCompletionServiceServer
	completionv1.UnimplementedModelServiceServer

	mu    sync.Mutex
	calls []string // "principal method"
}

// serve serves a service for as long as the test runs, and returns what leads to it.
func serve(t *testing.T, s *service) grpc.ClientConnInterface {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream))
	completionv1.RegisterCompletionServiceServer(server, s)
	completionv1.RegisterModelServiceServer(server, s)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///inside", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn
}

// taken returns what was called since the last time.
func (s *service) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func (s *service) note(ctx context.Context, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, principalOf(ctx)+" "+method[len("/petstore.completion.v1."):])
}

func principalOf(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, principalKey); len(values) == 1 {
		return values[0]
	}
	return ""
}

func (s *service) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	s.note(ctx, info.FullMethod)
	return handler(ctx, req)
}

func (s *service) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s.note(stream.Context(), info.FullMethod)
	return handler(srv, stream)
}

// owned is the error for a completion that is not the caller's.
func owned(ctx context.Context, id string) error {
	if principalOf(ctx) == owner && (id == completion || id == another) {
		return nil
	}
	st, err := status.New(codes.NotFound, "No such completion.").WithDetails(&errdetails.ErrorInfo{Reason: "COMPLETION_NOT_FOUND", Domain: "petstore.completion"})
	if err != nil {
		return err
	}
	return st.Err()
}

func whole(id string) *completionv1.Completion {
	return &completionv1.Completion{Id: id, Model: modelB}
}

// tell sends a stream of one event, the last.
func tell(out grpc.ServerStreamingServer[completionv1.CompletionEvent], id string) error {
	if err := out.SendHeader(metadata.Pairs("pawstream-completion-id", id)); err != nil {
		return err
	}
	return out.Send(&completionv1.CompletionEvent{
		Metadata: &completionv1.CompletionMetadata{Id: id, Model: modelB},
		Event:    &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}},
	})
}

func (s *service) StreamCompletion(_ *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	return tell(out, "chatcmpl-NEW")
}

func (s *service) ResumeCompletion(req *completionv1.ResumeCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	if err := owned(out.Context(), req.GetCompletionId()); err != nil {
		return err
	}
	if req.AfterSequence != nil {
		return nil // there is no more
	}
	return tell(out, req.GetCompletionId())
}

func (s *service) CreateCompletion(context.Context, *completionv1.CreateCompletionRequest) (*completionv1.CreateCompletionResponse, error) {
	return &completionv1.CreateCompletionResponse{Completion: whole("chatcmpl-NEW")}, nil
}

func (s *service) GetCompletion(ctx context.Context, req *completionv1.GetCompletionRequest) (*completionv1.GetCompletionResponse, error) {
	return &completionv1.GetCompletionResponse{Completion: whole(req.GetCompletionId())}, owned(ctx, req.GetCompletionId())
}

func (s *service) ListCompletions(ctx context.Context, _ *completionv1.ListCompletionsRequest) (*completionv1.ListCompletionsResponse, error) {
	list := &completionv1.ListCompletionsResponse{}
	if principalOf(ctx) == owner {
		list.Completions = append(list.Completions, whole(completion))
	}
	return list, nil
}

func (s *service) UpdateCompletion(ctx context.Context, req *completionv1.UpdateCompletionRequest) (*completionv1.UpdateCompletionResponse, error) {
	return &completionv1.UpdateCompletionResponse{Completion: whole(req.GetCompletionId())}, owned(ctx, req.GetCompletionId())
}

func (s *service) DeleteCompletion(ctx context.Context, req *completionv1.DeleteCompletionRequest) (*completionv1.DeleteCompletionResponse, error) {
	return &completionv1.DeleteCompletionResponse{CompletionId: req.GetCompletionId()}, owned(ctx, req.GetCompletionId())
}

func (s *service) CancelCompletion(ctx context.Context, req *completionv1.CancelCompletionRequest) (*completionv1.CancelCompletionResponse, error) {
	return &completionv1.CancelCompletionResponse{Completion: whole(req.GetCompletionId())}, owned(ctx, req.GetCompletionId())
}

func (s *service) ListCompletionMessages(ctx context.Context, req *completionv1.ListCompletionMessagesRequest) (*completionv1.ListCompletionMessagesResponse, error) {
	return &completionv1.ListCompletionMessagesResponse{}, owned(ctx, req.GetCompletionId())
}

func (s *service) ListModels(context.Context, *completionv1.ListModelsRequest) (*completionv1.ListModelsResponse, error) {
	return &completionv1.ListModelsResponse{Models: []*completionv1.Model{{Id: modelA, Aliases: []string{aliasA}}, {Id: modelB}}}, nil
}

func (s *service) GetModel(_ context.Context, req *completionv1.GetModelRequest) (*completionv1.GetModelResponse, error) {
	if req.GetModelId() == modelA || req.GetModelId() == aliasA {
		return &completionv1.GetModelResponse{Model: &completionv1.Model{Id: modelA, Aliases: []string{aliasA}}}, nil
	}
	return &completionv1.GetModelResponse{Model: &completionv1.Model{Id: req.GetModelId()}}, nil
}

// callers are known by a word in the place of a key.
type callers map[string]*auth.Caller

// Authenticate implements auth.Authenticator.
func (c callers) Authenticate(h http.Header) (*auth.Caller, error) {
	value := h.Get("Authorization")
	if value == "" {
		return nil, auth.ErrMissing
	}
	if caller, ok := c[value]; ok {
		return caller, nil
	}
	return nil, auth.ErrInvalid
}
