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

// unaryAttempts is how many replicas a repeatable unary call may ask. A call may simply be slow, so
// there are no more attempts than necessary.
const unaryAttempts = 3

// mayRepeat reports whether a unary call may be repeated: it is repeatable by the contract, or creates with an idempotency key.
func mayRepeat(method string, args any) bool {
	if req, ok := args.(*completionv1.CreateCompletionRequest); ok {
		return req.GetIdempotencyKey() != ""
	}
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, _ := protoregistry.GlobalFiles.FindDescriptorByName(name)
	called, ok := found.(protoreflect.MethodDescriptor)
	return ok && proto.GetExtension(called.Options(), completionv1.E_Repeatable).(bool) //nolint:forcetypeassert // the option's type
}

// repeat makes a unary call, and repeats it on another replica while there is no answer.
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
		// Only the first attempt fills what the options point to.
		another := kind.New().Interface()
		return another, invoke(ctx, args, another)
	}, Broken)
	if err == nil && got != own {
		proto.Reset(own)
		proto.Merge(own, got)
	}
	return err
}
