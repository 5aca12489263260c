// Package rpc serves the domain over gRPC as petstore.completion.v1. It decides
// nothing: a handler converts, calls the [chat.Service] and converts back.
package rpc

import (
	"context"
	"iter"
	"runtime"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// Metadata keys of the contract.
const (
	// PrincipalKey names, in a request, on whose behalf the call is made.
	PrincipalKey = "pawstream-principal"
	// CompletionIDKey names, in the header of a stream, the completion it follows.
	CompletionIDKey = "pawstream-completion-id"
)

// completions implements CompletionServiceServer.
type completions struct {
	completionv1.UnimplementedCompletionServiceServer
	service *chat.Service
}

func (c *completions) StreamCompletion(req *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	ctx := out.Context()
	stream, err := c.service.Stream(ctx, principal(ctx), req.GetIdempotencyKey(), wire.Request(req.GetParams()))
	if err != nil {
		return err
	}
	return send(out, stream)
}

func (c *completions) ResumeCompletion(req *completionv1.ResumeCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	after := chat.FromStart
	if req.AfterSequence != nil {
		after = cursor(req.GetAfterSequence())
	}
	ctx := out.Context()
	stream, err := c.service.Resume(ctx, principal(ctx), req.GetCompletionId(), after, req.GetIncludeProgress())
	if err != nil {
		return err
	}
	return send(out, stream)
}

// cursor returns the sequence as the domain counts; one that no completion can
// reach stays out of reach.
func cursor(sequence uint64) int64 {
	const unreachable = 1<<63 - 1
	return int64(min(sequence, unreachable))
}

// send copies a stream to its caller. The header goes first, so that the caller
// knows which completion it follows even if nothing else ever arrives.
func send(out grpc.ServerStreamingServer[completionv1.CompletionEvent], stream *chat.Stream) error {
	defer stream.Close()
	if err := out.SendHeader(metadata.Pairs(CompletionIDKey, stream.Meta().ID)); err != nil {
		return err
	}
	return sendEntries(out, wire.NewEventEncoder(stream.Meta()), stream.Entries())
}

func sendEntries(out grpc.ServerStreamingServer[completionv1.CompletionEvent], enc *wire.EventEncoder, entries iter.Seq2[chat.Entry, error]) error {
	sent := 0
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if err := out.Send(enc.Encode(&entry)); err != nil {
			return err
		}
		if sent++; sent%turn == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

// turn is how many events a stream may send before others get the processor. A replay
// would take it for milliseconds, until the reader's window is full, and behind a thousand
// of them a live event, and an append to the log, would wait for seconds.
const turn = 8

func (c *completions) CreateCompletion(ctx context.Context, req *completionv1.CreateCompletionRequest) (*completionv1.CreateCompletionResponse, error) {
	completion, err := c.service.Create(ctx, principal(ctx), req.GetIdempotencyKey(), wire.Request(req.GetParams()))
	if err != nil {
		return nil, err
	}
	return &completionv1.CreateCompletionResponse{Completion: wire.Completion(completion)}, nil
}

func (c *completions) GetCompletion(ctx context.Context, req *completionv1.GetCompletionRequest) (*completionv1.GetCompletionResponse, error) {
	completion, err := c.service.Get(ctx, principal(ctx), req.GetCompletionId())
	if err != nil {
		return nil, err
	}
	return &completionv1.GetCompletionResponse{Completion: wire.Completion(completion)}, nil
}

func (c *completions) ListCompletions(ctx context.Context, req *completionv1.ListCompletionsRequest) (*completionv1.ListCompletionsResponse, error) {
	filter := chat.Filter{Model: req.GetModel(), Metadata: req.GetMetadata()}
	page := chat.Page{After: req.GetAfter(), Limit: int(req.GetLimit()), Descending: descending(req.GetOrder())}
	list, more, err := c.service.List(ctx, principal(ctx), filter, page)
	if err != nil {
		return nil, err
	}
	return &completionv1.ListCompletionsResponse{Completions: convert(list, wire.Completion), HasMore: more}, nil
}

func (c *completions) UpdateCompletion(ctx context.Context, req *completionv1.UpdateCompletionRequest) (*completionv1.UpdateCompletionResponse, error) {
	completion, err := c.service.Update(ctx, principal(ctx), req.GetCompletionId(), req.GetMetadata())
	if err != nil {
		return nil, err
	}
	return &completionv1.UpdateCompletionResponse{Completion: wire.Completion(completion)}, nil
}

func (c *completions) DeleteCompletion(ctx context.Context, req *completionv1.DeleteCompletionRequest) (*completionv1.DeleteCompletionResponse, error) {
	if err := c.service.Delete(ctx, principal(ctx), req.GetCompletionId()); err != nil {
		return nil, err
	}
	return &completionv1.DeleteCompletionResponse{CompletionId: req.GetCompletionId()}, nil
}

func (c *completions) ListCompletionMessages(ctx context.Context, req *completionv1.ListCompletionMessagesRequest) (*completionv1.ListCompletionMessagesResponse, error) {
	page := chat.Page{After: req.GetAfter(), Limit: int(req.GetLimit()), Descending: descending(req.GetOrder())}
	list, more, err := c.service.Messages(ctx, principal(ctx), req.GetCompletionId(), page)
	if err != nil {
		return nil, err
	}
	return &completionv1.ListCompletionMessagesResponse{Messages: convert(list, wire.StoredMessage), HasMore: more}, nil
}

func (c *completions) CancelCompletion(ctx context.Context, req *completionv1.CancelCompletionRequest) (*completionv1.CancelCompletionResponse, error) {
	completion, err := c.service.Cancel(ctx, principal(ctx), req.GetCompletionId())
	if err != nil {
		return nil, err
	}
	return &completionv1.CancelCompletionResponse{Completion: wire.Completion(completion)}, nil
}

// models implements ModelServiceServer.
type models struct {
	completionv1.UnimplementedModelServiceServer
	service *chat.Service
}

func (m *models) ListModels(context.Context, *completionv1.ListModelsRequest) (*completionv1.ListModelsResponse, error) {
	out := &completionv1.ListModelsResponse{}
	for _, model := range m.service.Models() {
		out.Models = append(out.Models, wire.Model(&model))
	}
	return out, nil
}

func (m *models) GetModel(_ context.Context, req *completionv1.GetModelRequest) (*completionv1.GetModelResponse, error) {
	model, err := m.service.Model(req.GetModelId())
	if err != nil {
		return nil, err
	}
	return &completionv1.GetModelResponse{Model: wire.Model(&model)}, nil
}

func descending(o completionv1.SortOrder) bool { return o == completionv1.SortOrder_SORT_ORDER_DESC }

func convert[D, P any](list []D, one func(D) P) []P {
	out := make([]P, len(list))
	for i, item := range list {
		out[i] = one(item)
	}
	return out
}
