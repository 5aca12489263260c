package backend

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// countingListener counts the connections that it has accepted.
type countingListener struct {
	net.Listener
	accepted atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return conn, err
}

func TestPool(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &countingListener{Listener: tcp}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conns, err := newPool(func(*atomic.Int64) (*grpc.ClientConn, error) {
		return grpc.NewClient(tcp.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conns.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	client := healthpb.NewHealthClient(conns)
	open := func(n int) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var watches []healthpb.Health_WatchClient
		for range n {
			watch, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
			if err == nil {
				_, err = watch.Recv()
			}
			if err != nil {
				t.Fatal(err)
			}
			watches = append(watches, watch)
		}
		return func() {
			cancel()
			for _, watch := range watches {
				if _, err := watch.Recv(); err == nil {
					t.Error("a call goes on")
				}
			}
		}
	}
	for _, step := range []struct{ calls, conns int }{
		{calls: callsPerConn, conns: 1},
		{calls: callsPerConn + 1, conns: 2},
		{calls: 3 * callsPerConn, conns: 3},
		{calls: callsPerConn, conns: 4}, // the check had one more; now one is used
	} {
		stop := open(step.calls)
		if got := listener.accepted.Load(); got != int64(step.conns) {
			t.Errorf("%d calls: %d connections, want %d", step.calls, got, step.conns)
		}
		if _, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Errorf("%d calls: %v", step.calls, err)
		}
		stop()
		for late := time.After(10 * time.Second); calls(conns) != 0; { // gRPC gives them back a moment later
			select {
			case <-late:
				t.Fatalf("of %d calls %d are still counted", step.calls, calls(conns))
			case <-time.After(time.Millisecond):
			}
		}
	}
}

func calls(p *pool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		n += int(c.calls.Load())
	}
	return n
}
