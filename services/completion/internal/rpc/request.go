package rpc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
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
	// What is not known is left out: nobody would read it, and it would be kept.
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data.ReadOnlyData(), message); err != nil {
		return errUnreadable
	}
	return nil
}

// described returns a service whose unary calls read their requests by [readRequest]. Streams
// do so by their interceptor, which unary calls come to only when they have been decoded.
func (g *guard) described(service grpc.ServiceDesc) *grpc.ServiceDesc {
	methods := make([]grpc.MethodDesc, len(service.Methods))
	for i, method := range service.Methods {
		handler := method.Handler
		method.Handler = func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			name := "/" + service.ServiceName + "/" + method.MethodName
			room := g.room(ctx)
			defer room.Release()
			return handler(srv, chat.OnAdmitted(ctx, room.Release), func(request any) error {
				return g.status(ctx, name, readRequest(decode, request, room), nil)
			}, intercept)
		}
		methods[i] = method
	}
	service.Methods = methods
	return &service
}

// room returns what a call is to take of the memory that there is for all.
func (g *guard) room(ctx context.Context) *budget.Share {
	caller, err := g.access.principal(ctx)
	if err != nil || caller == Anonymous {
		caller = "" // or nobody knows one from another
	}
	return g.memory.Share(caller, freeMemory)
}

// maxReads is how many calls that read what is stored are answered at once, and readPatience
// how long others wait for their turn.
const (
	maxReads     = 8
	readPatience = 5 * time.Second
)

// turn waits until a call may begin, and returns what ends it. Those that create wait for the
// model, and hold what they have asked for; others hold what they read, whose size nobody
// knows before.
func (g *guard) turn(ctx context.Context, method string) (end func(), err error) {
	if method == completionv1.CompletionService_CreateCompletion_FullMethodName || !strings.HasPrefix(method, ofCompletions) {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readPatience, chat.NoRoom(nil))
	defer cancel()
	select {
	case g.reads <- struct{}{}:
		return sync.OnceFunc(func() { <-g.reads }), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ofCompletions is what the names of the calls that read completions begin with.
const ofCompletions = "/petstore.completion.v1.CompletionService/"
