package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/pawstream/pawstream/services/completion/internal/natsserver"
)

// moodyLog is a log whose health a test controls.
type moodyLog struct {
	completionLog

	mu      sync.Mutex
	trouble error
	changed chan struct{}
}

func (l *moodyLog) Health() (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed, l.trouble
}

func (l *moodyLog) set(trouble error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = trouble
	close(l.changed)
	l.changed = make(chan struct{})
}

func TestHealthChecksTellOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &moodyLog{changed: make(chan struct{})}
		var said bytes.Buffer
		s := &Server{log: log, health: health.NewServer(), logger: slog.New(slog.NewTextHandler(&said, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.watchLog(ctx) }()
		for _, step := range []struct {
			name    string
			trouble error
			want    grpc_health_v1.HealthCheckResponse_ServingStatus
			lines   int // logged so far
		}{
			{"well", nil, grpc_health_v1.HealthCheckResponse_SERVING, 0},
			{"in trouble", errors.New("no room"), grpc_health_v1.HealthCheckResponse_NOT_SERVING, 1},
			{"in other words", errors.New("no NATS"), grpc_health_v1.HealthCheckResponse_NOT_SERVING, 1},
			{"well again", nil, grpc_health_v1.HealthCheckResponse_SERVING, 2},
		} {
			log.set(step.trouble)
			synctest.Wait()
			answer, err := s.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			if err != nil || answer.GetStatus() != step.want {
				t.Errorf("%s: %v, %v, want %v", step.name, answer.GetStatus(), err, step.want)
			}
			if got := strings.Count(said.String(), "\n"); got != step.lines {
				t.Errorf("%s: %d lines, want %d:\n%s", step.name, got, step.lines, said.String())
			}
			ready := s.Ready()
			if (ready == nil) != (step.trouble == nil) || ready != nil && !errors.Is(ready, step.trouble) {
				t.Errorf("%s: ready: %v", step.name, ready)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("it ends with %v", err)
		}
	})
}

func TestAHopelessLogEndsTheService(t *testing.T) {
	log := &moodyLog{changed: make(chan struct{}), trouble: &natsserver.HopelessError{Reason: "the directory is gone"}}
	s := &Server{log: log, health: health.NewServer(), logger: slog.New(slog.DiscardHandler)}
	if err := s.watchLog(t.Context()); err == nil || err.Error() != "log: the directory is gone" {
		t.Errorf("it ends with %v", err)
	}
}
