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

// A frame is a request as it was on the wire.
type frame struct{ data mem.BufferSlice }

// A codec is gRPC's own but for a [frame], which takes the bytes as they are.
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

// A creating request is one that asks for a completion.
type creating interface {
	GetParams() *completionv1.CompletionParams
}

// What a request takes while it is read, decoded, checked and stored.
const (
	byteCost = 6   // each of its bytes
	itemCost = 512 // each of its items, beside its bytes
	// freeMemory is what a call may take that counts for nothing.
	freeMemory = 64 << 10
)

// readRequest reads a request by read, which takes a [frame]: it is decoded only where it keeps
// to the bounds, and where there is room for it.
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
	// Unknown fields are left out: nobody would read them, and they would be kept. A request for a
	// completion has them, because its digest counts them.
	_, creates := request.(creating)
	if err := (proto.UnmarshalOptions{DiscardUnknown: !creates}).Unmarshal(data.ReadOnlyData(), message); err != nil {
		return errUnreadable
	}
	return nil
}

// described returns a service whose unary calls read their requests by [readRequest]. Streams
// do so by their interceptor, which unary calls come to only when they have been decoded.
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

// room returns what a call is to take of the memory that there is for all.
func (g *guard) room(ctx context.Context) *budget.Share {
	return g.memory.Share(g.known(ctx), freeMemory)
}

// known returns on whose behalf a call is made, as far as anybody is known from others: "" else.
func (g *guard) known(ctx context.Context) string {
	caller, err := g.access.principal(ctx)
	if err != nil || caller == callers.Anonymous {
		return ""
	}
	return caller
}
