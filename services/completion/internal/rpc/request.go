package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// A frame is an encoded request.
type frame struct{ data mem.BufferSlice }

// A codec is gRPC's own codec, except that it leaves a [frame] encoded.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(grpcproto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	data.Ref()
	f.data = data
	return nil
}

// A creating request asks for a new completion.
type creating interface {
	GetParams() *completionv1.CompletionParams
}

// The memory that a request needs while it is read, decoded, checked and stored, in bytes.
const (
	byteCost = 6   // for each of its bytes
	itemCost = 512 // for each of its items, in addition
	// freeMemory is the memory of a call that does not count.
	freeMemory = 64 << 10
)

// readRequest reads a request with read, which must accept a [frame]. It decodes the request only if it is
// within the bounds and room has memory for it.
func readRequest(read func(any) error, request any, room *budget.Share) error {
	message, ok := request.(proto.Message)
	if !ok {
		return fmt.Errorf("request of type %T", request)
	}
	var f frame
	if err := read(&f); err != nil {
		return err
	}
	defer f.data.Free()
	data := f.data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer data.Free()
	var held measure
	if err := held.message(data.ReadOnlyData(), message.ProtoReflect().Descriptor(), 1); err != nil {
		return err
	}
	if err := room.Grow(byteCost*data.Len() + itemCost*held.items); err != nil {
		return chat.NoRoom(nil)
	}
	// Unknown fields would only use memory, so they are dropped. A request for a completion keeps them, because
	// its digest includes them.
	_, creates := request.(creating)
	if err := (proto.UnmarshalOptions{DiscardUnknown: !creates}).Unmarshal(data.ReadOnlyData(), message); err != nil {
		return errUnreadable
	}
	return nil
}

// described returns a service whose unary calls read their requests with [readRequest]. Streams do so in their
// interceptor; gRPC runs the interceptor of unary calls only after decoding.
func (g *guard) described(desc grpc.ServiceDesc) *grpc.ServiceDesc {
	methods := make([]grpc.MethodDesc, len(desc.Methods))
	for i, method := range desc.Methods {
		handler := method.Handler
		method.Handler = func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			name := "/" + desc.ServiceName + "/" + method.MethodName
			room := g.room(ctx)
			defer room.Release()
			return handler(srv, service.OnAdmitted(ctx, room.Release), func(request any) error {
				return g.status(ctx, name, readRequest(decode, request, room), nil)
			}, intercept)
		}
		methods[i] = method
	}
	desc.Methods = methods
	return &desc
}

// room returns the call's share of the memory budget.
func (g *guard) room(ctx context.Context) *budget.Share {
	return g.memory.Share(g.known(ctx), freeMemory)
}

// known returns the principal of a call, or "" if it is unknown or anonymous.
func (g *guard) known(ctx context.Context) string {
	caller, err := g.access.principal(ctx)
	if err != nil || caller == callers.Anonymous {
		return ""
	}
	return caller
}
