package backend

import (
	"context"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/pawstream/pawstream/edge/internal/hedge"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// unaryAttempts is how many replicas are asked by a unary call that may be made twice. A call
// may take long by itself, so there are no more attempts than are needed.
const unaryAttempts = 3

// mayRepeat reports whether a unary call may be made twice: it is repeatable by the contract, or creates by a key.
func mayRepeat(method string, args any) bool {
	if req, ok := args.(*completionv1.CreateCompletionRequest); ok {
		return req.GetIdempotencyKey() != ""
	}
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, _ := protoregistry.GlobalFiles.FindDescriptorByName(name)
	called, ok := found.(protoreflect.MethodDescriptor)
	return ok && proto.GetExtension(called.Options(), completionv1.E_Repeatable).(bool) //nolint:forcetypeassert // the option's type
}

// repeat makes a unary call, and makes it again on another replica while it is not answered.
func repeat(ctx context.Context, args, reply any, opts []grpc.CallOption, invoke func(ctx context.Context, args, reply any, opts ...grpc.CallOption) error) error {
	own, ok := reply.(proto.Message)
	if !ok {
		return invoke(ctx, args, reply, opts...)
	}
	kind := own.ProtoReflect().Type() // asked now: later the first answer may be written into own
	var begun atomic.Bool
	got, err := hedge.Call(ctx, unaryAttempts, func(ctx context.Context) (proto.Message, error) {
		if !begun.Swap(true) {
			return own, invoke(ctx, args, own, opts...)
		}
		// What the options fill is the first one's.
		another := kind.New().Interface()
		return another, invoke(ctx, args, another)
	}, Broken)
	if err == nil && got != own {
		proto.Reset(own)
		proto.Merge(own, got)
	}
	return err
}
