package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// reasonTimeout is how long it may take to learn why no completion service can be asked.
const reasonTimeout = 500 * time.Millisecond

// Ready returns why no completion service takes work: none can be reached, or all say that
// they do not serve.
func (s *Server) Ready() error {
	switch state := s.conn.GetState(); state {
	case connectivity.Ready, connectivity.Idle: // idle for a moment at most: watchServices connects
		return nil
	default:
		return fmt.Errorf("no completion service takes work: %w", s.reason(state))
	}
}

// reason asks for what only a call is told: why there is no connection for it.
func (s *Server) reason(state connectivity.State) error {
	ctx, cancel := context.WithTimeout(context.Background(), reasonTimeout)
	defer cancel()
	err := s.conn.Invoke(ctx, grpc_health_v1.Health_Check_FullMethodName, &grpc_health_v1.HealthCheckRequest{}, &grpc_health_v1.HealthCheckResponse{})
	if told, ok := status.FromError(err); ok && err != nil && ctx.Err() == nil {
		return errors.New(told.Message())
	}
	return fmt.Errorf("the connection is %v", state)
}

// watchServices connects to the completion services, also before the first client comes and after
// a long silence, and logs when the last one stops to take work and when one takes it again. It ends with ctx.
func (s *Server) watchServices(ctx context.Context) {
	lost := false
	for {
		state := s.conn.GetState()
		switch {
		case state == connectivity.Idle:
			s.conn.Connect()
		case state == connectivity.TransientFailure && !lost:
			lost = true
			s.logger.WarnContext(ctx, "not ready", slog.Any("reason", s.reason(state)))
		case state == connectivity.Ready && lost:
			lost = false
			s.logger.InfoContext(ctx, "ready again: a completion service takes work")
		}
		if !s.conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}
