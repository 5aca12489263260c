package backend

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// lines collects the log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestReadinessFollowsTheServices makes the only completion service report itself as not serving.
func TestReadinessFollowsTheServices(t *testing.T) {
	t.Parallel()
	const name = "petstore.completion.v1.CompletionService"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, checks := grpc.NewServer(), health.NewServer()
	grpc_health_v1.RegisterHealthServer(server, checks)
	checks.SetServingStatus(name, grpc_health_v1.HealthCheckResponse_SERVING)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	conns, err := newPool(func(*atomic.Int64) (*grpc.ClientConn, error) {
		return dial(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	})
	if err != nil {
		t.Fatal(err)
	}
	var said lines
	s := &Backend{conns: conns}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { s.Watch(ctx, slog.New(slog.NewTextHandler(&said, nil))) })
	defer watching.Wait()
	defer cancel()
	defer conns.Close()
	for _, step := range []struct {
		status grpc_health_v1.HealthCheckResponse_ServingStatus
		want   string // in the reason; "": it is ready
	}{
		{grpc_health_v1.HealthCheckResponse_SERVING, ""},
		{grpc_health_v1.HealthCheckResponse_NOT_SERVING, "NOT_SERVING"},
		{grpc_health_v1.HealthCheckResponse_SERVING, ""},
	} {
		checks.SetServingStatus(name, step.status)
		for deadline := time.Now().Add(10 * time.Second); ; <-time.After(10 * time.Millisecond) {
			err := s.Ready()
			if step.want == "" && err == nil || err != nil && step.want != "" && strings.Contains(err.Error(), step.want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("while it is %v: %v", step.status, err)
			}
		}
	}
	for _, change := range []string{`msg="not ready: no completion service`, `msg="ready again`} {
		for deadline := time.Now().Add(10 * time.Second); strings.Count(said.String(), change) != 1; <-time.After(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("want one line with %s:\n%s", change, said.String())
			}
		}
	}
}
