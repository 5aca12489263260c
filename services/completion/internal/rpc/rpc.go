// Package rpc serves the domain over gRPC as petstore.completion.v1. It decides
// nothing: a handler converts, calls the [service.Service] and converts back.
package rpc

import (
	"context"
	"iter"
	"runtime"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// Metadata keys, by the contract.
//
//nolint:gochecknoglobals // constants
var (
	// PrincipalKey is the principal, in the metadata of a request.
	PrincipalKey = protoname.Of(completionv1.MetadataKey_METADATA_KEY_PRINCIPAL)
	// CompletionIDKey is the followed completion, in the header of a stream.
	CompletionIDKey = protoname.Of(completionv1.MetadataKey_METADATA_KEY_COMPLETION_ID)
	// TargetKey is the last target of the answer, in the trailer of a call that creates a completion. Only
	// trusted peers get it, because it names machines behind the service.
	TargetKey = protoname.Of(completionv1.MetadataKey_METADATA_KEY_TARGET)

	requestIDKey = protoname.Of(completionv1.MetadataKey_METADATA_KEY_REQUEST_ID)
)

// completions implements CompletionServiceServer.
type completions struct {
	completionv1.UnimplementedCompletionServiceServer
	service *service.Service
}

func (c *completions) StreamCompletion(req *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	ctx := out.Context()
	asked, err := request(req, req.SentBefore)
	if err != nil {
		return err
	}
	stream, err := c.service.Stream(ctx, principal(ctx), req.GetIdempotencyKey(), asked)
	if err != nil {
		return err
	}
	return send(out, stream, req.GetOpening(), stream.Meta().Request.Metadata)
}

// request returns the request of a call, with its digest. sent is how often it was sent before, or nil if
// unknown.
func request(call creating, sent *uint32) (*chat.Request, error) {
	r := wire.RequestFromProto(call.GetParams())
	if sent != nil {
		r.SentBefore = new(int(*sent))
	}
	var err error
	r.Digest, err = wire.Digest(call.GetParams())
	return r, err
}

func (c *completions) ResumeCompletion(req *completionv1.ResumeCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	after := chat.FromStart
	if req.AfterSequence != nil {
		after = cursor(req.GetAfterSequence())
	}
	ctx := out.Context()
	if req.GetUntilNow() {
		stream, err := c.service.UntilNow(ctx, principal(ctx), req.GetCompletionId(), after)
		if err != nil {
			return err
		}
		return send(out, stream, req.GetOpening(), stream.Meta().Metadata)
	}
	stream, err := c.service.Resume(ctx, principal(ctx), req.GetCompletionId(), after, req.GetIncludeProgress())
	if err != nil {
		return err
	}
	stream.AfterTerm(req.GetAfterTerm())
	return send(out, stream, req.GetOpening(), stream.Meta().Request.Metadata)
}

// cursor returns the sequence in the domain's type; one that no completion can reach stays unreachable.
func cursor(sequence uint64) int64 {
	const unreachable = 1<<63 - 1
	return int64(min(sequence, unreachable))
}

// send copies a stream to its caller. It sends the header first, so that the caller knows the completion even
// if nothing else arrives. With opening, the first message shows metadataShown in place of the request's own
// metadata.
func send(out grpc.ServerStreamingServer[completionv1.CompletionEvent], stream *service.Stream, opening bool, metadataShown map[string]string) error {
	defer stream.Close()
	if err := out.SendHeader(metadata.Pairs(CompletionIDKey, stream.Meta().ID)); err != nil {
		return err
	}
	enc := wire.NewEventEncoder(stream.Meta())
	if opening {
		first, err := enc.Opening(stream.Meta().Request, metadataShown)
		if err != nil {
			return err
		}
		if err := out.Send(first); err != nil {
			return err
		}
	}
	return sendEntries(out, enc, stream.Entries())
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
		if sent++; sent%yieldEvery == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

// yieldEvery is how many events a stream sends before it yields the processor. Otherwise a replay would keep
// the processor for milliseconds, until the reader's window is full. Behind a thousand replays, live events and
// appends to the log would wait for seconds.
const yieldEvery = 8

func (c *completions) CreateCompletion(ctx context.Context, req *completionv1.CreateCompletionRequest) (*completionv1.CreateCompletionResponse, error) {
	asked, err := request(req, req.SentBefore)
	if err != nil {
		return nil, err
	}
	req.Params = nil // gRPC holds req until the answer is there; this releases its unknown fields
	completion, err := c.service.Create(ctx, principal(ctx), req.GetIdempotencyKey(), asked)
	if err != nil {
		return nil, err
	}
	return &completionv1.CreateCompletionResponse{Completion: wire.CompletionToProto(completion)}, nil
}

func (c *completions) GetCompletion(ctx context.Context, req *completionv1.GetCompletionRequest) (*completionv1.GetCompletionResponse, error) {
	completion, err := c.service.Get(ctx, principal(ctx), req.GetCompletionId())
	if err != nil {
		return nil, err
	}
	return &completionv1.GetCompletionResponse{Completion: wire.CompletionToProto(completion)}, nil
}

func (c *completions) ListCompletions(ctx context.Context, req *completionv1.ListCompletionsRequest) (*completionv1.ListCompletionsResponse, error) {
	filter := chat.Filter{Model: req.GetModel(), Metadata: req.GetMetadata()}
	page := chat.Page{After: req.GetAfter(), Limit: int(req.GetLimit()), Descending: descending(req.GetOrder())}
	list, more, err := c.service.List(ctx, principal(ctx), filter, page)
	if err != nil {
		return nil, err
	}
	return &completionv1.ListCompletionsResponse{Completions: convert(list, wire.CompletionToProto), HasMore: more}, nil
}

func (c *completions) UpdateCompletion(ctx context.Context, req *completionv1.UpdateCompletionRequest) (*completionv1.UpdateCompletionResponse, error) {
	completion, err := c.service.Update(ctx, principal(ctx), req.GetCompletionId(), req.GetMetadata())
	if err != nil {
		return nil, err
	}
	return &completionv1.UpdateCompletionResponse{Completion: wire.CompletionToProto(completion)}, nil
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
	return &completionv1.ListCompletionMessagesResponse{Messages: convert(list, wire.StoredMessageToProto), HasMore: more}, nil
}

func (c *completions) CancelCompletion(ctx context.Context, req *completionv1.CancelCompletionRequest) (*completionv1.CancelCompletionResponse, error) {
	completion, err := c.service.Cancel(ctx, principal(ctx), req.GetCompletionId())
	if err != nil {
		return nil, err
	}
	return &completionv1.CancelCompletionResponse{Completion: wire.CompletionToProto(completion)}, nil
}

func (c *completions) CountPromptTokens(ctx context.Context, req *completionv1.CountPromptTokensRequest) (*completionv1.CountPromptTokensResponse, error) {
	n, err := c.service.CountPrompt(ctx, principal(ctx), wire.RequestFromProto(req.GetParams()))
	if err != nil {
		return nil, err
	}
	return &completionv1.CountPromptTokensResponse{PromptTokens: int64(n)}, nil
}

// models implements ModelServiceServer.
type models struct {
	completionv1.UnimplementedModelServiceServer
	service *service.Service
}

func (m *models) ListModels(context.Context, *completionv1.ListModelsRequest) (*completionv1.ListModelsResponse, error) {
	out := &completionv1.ListModelsResponse{}
	for _, model := range m.service.Models() {
		out.Models = append(out.Models, wire.ModelToProto(&model))
	}
	return out, nil
}

func (m *models) GetModel(_ context.Context, req *completionv1.GetModelRequest) (*completionv1.GetModelResponse, error) {
	model, err := m.service.Model(req.GetModelId())
	if err != nil {
		return nil, err
	}
	return &completionv1.GetModelResponse{Model: wire.ModelToProto(&model)}, nil
}

func descending(o completionv1.SortOrder) bool { return o == completionv1.SortOrder_SORT_ORDER_DESC }

func convert[D, P any](list []D, one func(D) P) []P {
	out := make([]P, len(list))
	for i, item := range list {
		out[i] = one(item)
	}
	return out
}
