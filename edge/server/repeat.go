package server

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/elsewhere"
	"github.com/pawstream/pawstream/edge/internal/relay"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// unaryTries is how many replicas are asked by a unary call that may be made twice. It may
// take long by itself: there are no more of them than are needed.
const unaryTries = 3

// mayRepeat reports whether a unary call may be made twice: one that only reads, sets what is then
// set, or creates by a key.
func mayRepeat(method string, args any) bool {
	switch method {
	case completionv1.CompletionService_CreateCompletion_FullMethodName:
		req, ok := args.(*completionv1.CreateCompletionRequest)
		return ok && req.GetIdempotencyKey() != ""
	case completionv1.CompletionService_GetCompletion_FullMethodName,
		completionv1.CompletionService_ListCompletions_FullMethodName,
		completionv1.CompletionService_ListCompletionMessages_FullMethodName,
		completionv1.CompletionService_CancelCompletion_FullMethodName,
		completionv1.CompletionService_UpdateCompletion_FullMethodName,
		completionv1.ModelService_GetModel_FullMethodName,
		completionv1.ModelService_ListModels_FullMethodName:
		return true
	}
	return false
}

// repeat makes a unary call, and elsewhere too while it is not answered.
func repeat(ctx context.Context, args, reply any, opts []grpc.CallOption, invoke func(ctx context.Context, args, reply any, opts ...grpc.CallOption) error) error {
	own, ok := reply.(proto.Message)
	if !ok {
		return invoke(ctx, args, reply, opts...)
	}
	kind := own.ProtoReflect().Type() // asked now: later the first answer may be written into own
	var begun atomic.Bool
	got, err := elsewhere.Call(ctx, unaryTries, func(ctx context.Context) (proto.Message, error) {
		if !begun.Swap(true) {
			return own, invoke(ctx, args, own, opts...)
		}
		// What the options fill is the first one's.
		another := kind.New().Interface()
		return another, invoke(ctx, args, another)
	}, relay.Broken)
	if err == nil && got != own {
		proto.Reset(own)
		proto.Merge(own, got)
	}
	return err
}

// balancerName is that of the balancer below, in a service config.
const balancerName = "pawstream_elsewhere"

func init() { balancer.Register(balancers{}) } //nolint:gochecknoinits // gRPC has it so

// balancers builds round_robin with pickers that know what was tried.
type balancers struct{}

// Name implements [balancer.Builder].
func (balancers) Name() string { return balancerName }

// Build implements [balancer.Builder].
func (balancers) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return balancer.Get(roundrobin.Name).Build(&choosing{cc}, opts)
}

// choosing hands on what a balancer tells its connection, with another picker.
type choosing struct{ balancer.ClientConn }

// UpdateState implements [balancer.ClientConn].
func (c *choosing) UpdateState(state balancer.State) {
	state.Picker = picker{state.Picker}
	c.ClientConn.UpdateState(state)
}

// maxPicks bounds how often a picker looks for a replica that was not tried: there may be none.
const maxPicks = 8

type picker struct{ balancer.Picker }

// Pick implements [balancer.Picker].
func (p picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	tried := elsewhere.TriedBy(info.Ctx)
	for n := 1; ; n++ {
		result, err := p.Picker.Pick(info)
		if err != nil || tried == nil || tried.Add(result.SubConn) || n == maxPicks {
			return result, err
		}
		if result.Done != nil {
			result.Done(balancer.DoneInfo{})
		}
	}
}
