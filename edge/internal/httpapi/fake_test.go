package httpapi

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
	"github.com/pawstream/pawstream/edge/internal/dialect"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The contents of a [service].
const (
	owner      = "owner"
	completion = "chatcmpl-MINE"  // the owner's, of modelB
	another    = "chatcmpl-OTHER" // the owner's, too
	modelA     = "model-a"
	modelB     = "model-b"
	aliasA     = "MODEL_A" // modelA's other name
)

// A service is a completion service with two completions of one owner. It records its calls, and
// for which principal they are made.
type service struct {
	completionv1.UnimplementedCompletionServiceServer
	completionv1.UnimplementedModelServiceServer
	completionv1.UnimplementedPetServiceServer

	mu    sync.Mutex
	calls []string // "principal method"
	named []string // the ids in these calls
	sent  []string // how often the creating calls say that they were sent before
	asked []string // the ids of the requests that these calls were made for

	metadata map[string]string // the last that was set

	// If waits is not nil, each call is sent to it, and then waits for go or the end
	// of its context.
	waits chan string
	goOn  chan struct{}
}

// A server is a service whose calls can be made to wait.
type server interface {
	completionv1.CompletionServiceServer
	completionv1.ModelServiceServer
	completionv1.PetServiceServer
	unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error)
	stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error
}

// serve serves a service while the test runs, and returns a connection to it.
func serve(t *testing.T, s server) grpc.ClientConnInterface {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	grpcServer := grpc.NewServer(grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream))
	completionv1.RegisterCompletionServiceServer(grpcServer, s)
	completionv1.RegisterModelServiceServer(grpcServer, s)
	completionv1.RegisterPetServiceServer(grpcServer, s)
	served := make(chan error, 1)
	go func() { served <- grpcServer.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///inside", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		grpcServer.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn
}

// taken returns the calls since it was last called.
func (s *service) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls, s.named, s.asked = nil, nil, nil
	return calls
}

// ids returns the ids of completions and models in the calls since taken was last called.
func (s *service) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.named)
}

// made returns how many calls were made for a principal since taken was last called.
func (s *service) made(principal string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range s.calls {
		if strings.HasPrefix(call, principal+" ") {
			n++
		}
	}
	return n
}

// nonce is the nonce of shared completions.
const nonce = "nonce"

// share makes the completions shared by nonce, or not shared.
func (s *service) share(shared bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata = nil
	if shared {
		s.metadata = map[string]string{shareKey: nonce}
	}
}

// requestIDs returns the ids of the requests for which calls were made since taken was called.
func (s *service) requestIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *service) note(ctx context.Context, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, metadata.ValueFromIncomingContext(ctx, "x-request-id")...)
	s.calls = append(s.calls, principalOf(ctx)+" "+method[len("/petstore.completion.v1."):])
}

func principalOf(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, principalKey()); len(values) == 1 {
		return values[0]
	}
	return ""
}

func (s *service) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	s.note(ctx, info.FullMethod)
	s.name(req)
	if err := s.wait(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	if err := grpc.SetTrailer(ctx, trailer(info.FullMethod)); err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

// target is the target that is asked for answers.
const target = "llama3@gpu-1:8000"

// trailer returns the trailer of a call. That of a creating call names the target.
func trailer(method string) metadata.MD {
	switch method {
	case completionv1.CompletionService_CreateCompletion_FullMethodName, completionv1.CompletionService_StreamCompletion_FullMethodName:
		return metadata.Pairs("pawstream-target", target)
	}
	return nil
}

func (s *service) wait(ctx context.Context, method string) error {
	if s.waits == nil {
		return nil
	}
	select {
	case s.waits <- method:
	case <-ctx.Done():
	}
	select {
	case <-s.goOn:
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

// name notes the id in a request.
func (s *service) name(req any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch req := req.(type) {
	case interface{ GetCompletionId() string }:
		s.named = append(s.named, req.GetCompletionId())
	case interface{ GetModelId() string }:
		s.named = append(s.named, req.GetModelId())
	}
}

func (s *service) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s.note(stream.Context(), info.FullMethod)
	if err := s.wait(stream.Context(), info.FullMethod); err != nil {
		return err
	}
	stream.SetTrailer(trailer(info.FullMethod))
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

// tell sends a stream: the openings, and then a terminal event.
func tell(out grpc.ServerStreamingServer[completionv1.CompletionEvent], id string, openings ...*completionv1.CompletionMetadata) error {
	if err := out.SendHeader(metadata.Pairs("pawstream-completion-id", id)); err != nil {
		return err
	}
	for _, opening := range openings {
		if err := out.Send(&completionv1.CompletionEvent{Metadata: opening}); err != nil {
			return err
		}
	}
	return out.Send(&completionv1.CompletionEvent{
		Metadata: &completionv1.CompletionMetadata{Id: id, Model: modelB},
		Event:    &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}},
	})
}

func (s *service) StreamCompletion(req *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	s.noteSent(req.SentBefore)
	if req.GetParams().GetModel() == modelGone {
		return noModel()
	}
	return tell(out, "chatcmpl-NEW")
}

func (s *service) ResumeCompletion(req *completionv1.ResumeCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	s.name(req)
	if err := owned(out.Context(), req.GetCompletionId()); err != nil {
		return err
	}
	if req.AfterSequence != nil {
		return nil // there is no more
	}
	if !req.GetOpening() {
		return tell(out, req.GetCompletionId())
	}
	s.mu.Lock()
	params := &completionv1.CompletionParams{Metadata: maps.Clone(s.metadata)}
	s.mu.Unlock()
	return tell(out, req.GetCompletionId(), &completionv1.CompletionMetadata{Id: req.GetCompletionId(), Model: modelB, Params: params})
}

// noteSent notes how often a request was sent before.
func (s *service) noteSent(before *uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before == nil {
		s.sent = append(s.sent, "-")
		return
	}
	s.sent = append(s.sent, strconv.FormatUint(uint64(*before), 10))
}

func (s *service) CreateCompletion(_ context.Context, req *completionv1.CreateCompletionRequest) (*completionv1.CreateCompletionResponse, error) {
	s.noteSent(req.SentBefore)
	return &completionv1.CreateCompletionResponse{Completion: whole("chatcmpl-NEW")}, nil
}

func (s *service) GetCompletion(ctx context.Context, req *completionv1.GetCompletionRequest) (*completionv1.GetCompletionResponse, error) {
	c := whole(req.GetCompletionId())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.metadata != nil {
		c.Metadata = maps.Clone(s.metadata)
	}
	return &completionv1.GetCompletionResponse{Completion: c}, owned(ctx, req.GetCompletionId())
}

func (s *service) ListCompletions(ctx context.Context, _ *completionv1.ListCompletionsRequest) (*completionv1.ListCompletionsResponse, error) {
	list := &completionv1.ListCompletionsResponse{}
	if principalOf(ctx) == owner {
		list.Completions = append(list.Completions, whole(completion))
	}
	return list, nil
}

func (s *service) UpdateCompletion(ctx context.Context, req *completionv1.UpdateCompletionRequest) (*completionv1.UpdateCompletionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadata = req.GetMetadata()
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

func (s *service) CountPromptTokens(context.Context, *completionv1.CountPromptTokensRequest) (*completionv1.CountPromptTokensResponse, error) {
	return &completionv1.CountPromptTokensResponse{PromptTokens: 7}, nil
}

func (s *service) ListPets(context.Context, *completionv1.ListPetsRequest) (*completionv1.ListPetsResponse, error) {
	return &completionv1.ListPetsResponse{Pets: []*completionv1.StorePet{{Pet: &completionv1.Pet{Id: "olive", Name: "Olive", Species: "cat"}}}}, nil
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

// knownCallers maps words, used as keys, to callers.
type knownCallers map[string]*auth.Caller

// Authenticate implements auth.Authenticator.
func (c knownCallers) Authenticate(h http.Header) (*auth.Caller, error) {
	value := h.Get("Authorization")
	if value == "" {
		return nil, auth.ErrMissing
	}
	if caller, ok := c[value]; ok {
		return caller, nil
	}
	return nil, auth.ErrInvalid
}

// spokenIn returns r as [api.identify] passes it on, for tests without the routes.
func spokenIn(d dialect.Dialect, r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), recordKey{}, &record{dialect: d}))
}
