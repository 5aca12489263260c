package backend

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

// reasonTimeout is how long it may take to find out why no completion service can be reached.
const reasonTimeout = 500 * time.Millisecond

// Ready returns nil if a completion service accepts work, and otherwise why none does: none can be
// reached, or all report themselves as not serving.
func (b *Backend) Ready() error {
	switch state := b.conns.GetState(); state {
	case connectivity.Ready, connectivity.Idle: // idle for a moment at most: Watch connects
		return nil
	default:
		return fmt.Errorf("no completion service takes work: %w", b.reason(state))
	}
}

// reason makes a call, because gRPC tells only a call why there is no connection.
func (b *Backend) reason(state connectivity.State) error {
	ctx, cancel := context.WithTimeout(context.Background(), reasonTimeout)
	defer cancel()
	err := b.conns.Invoke(ctx, grpc_health_v1.Health_Check_FullMethodName, &grpc_health_v1.HealthCheckRequest{}, &grpc_health_v1.HealthCheckResponse{})
	if told, ok := status.FromError(err); ok && err != nil && ctx.Err() == nil {
		return errors.New(told.Message())
	}
	return fmt.Errorf("the connection is %v", state)
}

// Watch connects to the completion services, even before the first client and after a
// long silence. It logs when the last one stops accepting work, and when one accepts work again.
// It returns when ctx ends.
func (b *Backend) Watch(ctx context.Context, logger *slog.Logger) {
	lost := false
	for {
		state := b.conns.GetState()
		switch {
		case state == connectivity.Idle:
			b.conns.Connect()
		case state == connectivity.TransientFailure && !lost:
			lost = true
			logger.WarnContext(ctx, "not ready: no completion service takes work, and requests are answered with 503 until one does", slog.Any("reason", b.reason(state)))
		case state == connectivity.Ready && lost:
			lost = false
			logger.InfoContext(ctx, "ready again: a completion service takes work")
		}
		if !b.conns.WaitForStateChange(ctx, state) {
			return
		}
	}
}
