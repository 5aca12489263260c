package backend

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"github.com/pawstream/pawstream/edge/internal/hedge"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// A way is a TCP proxy that can swallow all data: both connections stay open, but silent.
type way struct {
	net.Listener
	dead  atomic.Bool
	conns sync.WaitGroup
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{Listener: listener}
	w.conns.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", to)
			if err != nil {
				_ = from.Close()
				continue
			}
			w.conns.Go(func() { w.copy(onward, from) })
			w.conns.Go(func() { w.copy(from, onward) })
		}
	})
	return w
}

func (w *way) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if !w.dead.Load() {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

// A replicaOf answers with its name.
type replicaOf struct {
	completionv1.UnimplementedCompletionServiceServer
	completionv1.UnimplementedModelServiceServer
	name  string
	calls atomic.Int64
}

func (r *replicaOf) CreateCompletion(context.Context, *completionv1.CreateCompletionRequest) (*completionv1.CreateCompletionResponse, error) {
	r.calls.Add(1)
	return &completionv1.CreateCompletionResponse{Completion: &completionv1.Completion{Id: r.name}}, nil
}

func (r *replicaOf) GetCompletion(context.Context, *completionv1.GetCompletionRequest) (*completionv1.GetCompletionResponse, error) {
	r.calls.Add(1)
	return &completionv1.GetCompletionResponse{Completion: &completionv1.Completion{Id: r.name}}, nil
}

func (r *replicaOf) GetModel(context.Context, *completionv1.GetModelRequest) (*completionv1.GetModelResponse, error) {
	r.calls.Add(1)
	return &completionv1.GetModelResponse{Model: &completionv1.Model{Id: r.name}}, nil
}

func (r *replicaOf) StreamCompletion(_ *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	return out.Send(&completionv1.CompletionEvent{Metadata: &completionv1.CompletionMetadata{Id: r.name}})
}

// TestDeadWay calls two replicas, one of whose connections dies silently. gRPC notices that
// after about 14 s: repeatable calls must be answered long before.
func TestDeadWay(t *testing.T) {
	replicas := []*replicaOf{{name: "a"}, {name: "b"}}
	ways := make([]*way, len(replicas))
	for i, r := range replicas {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := grpc.NewServer()
		completionv1.RegisterCompletionServiceServer(server, r)
		completionv1.RegisterModelServiceServer(server, r)
		checks := health.NewServer()
		checks.SetServingStatus(completionv1.CompletionService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
		healthpb.RegisterHealthServer(server, checks)
		go func() { _ = server.Serve(listener) }()
		ways[i] = newWay(t, listener.Addr().String())
		t.Cleanup(server.Stop)
	}
	conns, err := newPool(func(*atomic.Int64) (*grpc.ClientConn, error) {
		return dial(ways[0].Addr().String()+","+ways[1].Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conns.Close()
		for _, w := range ways {
			_ = w.Close()
		}
	})
	completions, models := completionv1.NewCompletionServiceClient(conns), completionv1.NewModelServiceClient(conns)
	for late := time.After(20 * time.Second); replicas[0].calls.Load() == 0 || replicas[1].calls.Load() == 0; { // until both are there
		if _, err := models.GetModel(t.Context(), &completionv1.GetModelRequest{}, grpc.WaitForReady(true)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-late:
			t.Fatal("one replica is never called")
		default:
		}
	}
	ways[0].dead.Store(true)
	const within = 8 * time.Second
	for name, call := range map[string]func(context.Context) (string, error){
		"get": func(ctx context.Context) (string, error) {
			r, err := completions.GetCompletion(ctx, &completionv1.GetCompletionRequest{CompletionId: "x"})
			return r.GetCompletion().GetId(), err
		},
		"get a model": func(ctx context.Context) (string, error) {
			r, err := models.GetModel(ctx, &completionv1.GetModelRequest{ModelId: "x"})
			return r.GetModel().GetId(), err
		},
		"create by a key": func(ctx context.Context) (string, error) {
			r, err := completions.CreateCompletion(ctx, &completionv1.CreateCompletionRequest{IdempotencyKey: "k"})
			return r.GetCompletion().GetId(), err
		},
		"stream": func(ctx context.Context) (string, error) {
			return hedge.Call(ctx, 2, func(ctx context.Context) (string, error) {
				in, err := completions.StreamCompletion(ctx, &completionv1.StreamCompletionRequest{IdempotencyKey: "k"})
				if err != nil {
					return "", err
				}
				e, err := in.Recv()
				return e.GetMetadata().GetId(), err
			}, Broken)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // one of them meets the dead way, or both
				ctx, cancel := context.WithTimeout(t.Context(), within)
				if got, err := call(ctx); err != nil || got != "b" {
					t.Errorf("%q, %v, not within %v", got, err, within)
				}
				cancel()
			}
		})
	}
}

// TestAnAnswerComesWhileAnotherReplicaIsAsked decodes the first answer into the caller's message
// exactly while the call is repeated.
func TestAnAnswerComesWhileAnotherReplicaIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reply := &completionv1.GetCompletionResponse{}
		var calls atomic.Int64
		err := repeat(t.Context(), &completionv1.GetCompletionRequest{}, reply, nil, func(ctx context.Context, _, reply any, _ ...grpc.CallOption) error {
			if calls.Add(1) > 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			<-time.After(hedge.Patience)
			answer := reply.(*completionv1.GetCompletionResponse)
			proto.Reset(answer)
			answer.Completion = &completionv1.Completion{Id: "first"}
			return nil
		})
		if err != nil || reply.GetCompletion().GetId() != "first" {
			t.Errorf("answer %v, error %v", reply, err)
		}
	})
}
