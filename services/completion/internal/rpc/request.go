package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
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

// readRequest reads a request by read, which takes a [frame]: it is decoded only where it keeps
// to the bounds.
func readRequest(read func(any) error, request any) error {
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
		method.Handler = func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // gRPC's order
			name := "/" + service.ServiceName + "/" + method.MethodName
			return handler(srv, ctx, func(request any) error {
				return g.status(ctx, name, readRequest(decode, request), nil)
			}, intercept)
		}
		methods[i] = method
	}
	service.Methods = methods
	return &service
}
