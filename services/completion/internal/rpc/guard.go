package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// A guard wraps every handler. It determines the principal of a call, turns errors into statuses and panics
// into errors, logs our own faults and counts refused calls.
type guard struct {
	access Access
	memory *budget.Budget
	turns  callTurns
	logger *slog.Logger
	// refused is called for each refused call.
	refused func(chat.Refusal)
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() { err = g.status(ctx, info.FullMethod, err, recover()) }()
	admitted, err := g.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	end, err := g.acquire(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer end()
	defer func() { _ = grpc.SetTrailer(ctx, target(admitted)) }() // it never fails within a server's handler
	return handler(service.OnAdmitted(g.reading(admitted, info.FullMethod), end), req)
}

func (g *guard) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() { err = g.status(stream.Context(), info.FullMethod, err, recover()) }()
	admitted, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	end, err := g.follow(admitted, info.FullMethod)
	if err != nil {
		return err
	}
	defer end()
	room := g.room(admitted)
	defer room.Release()
	defer func() { stream.SetTrailer(target(admitted)) }()
	return handler(srv, &admittedStream{stream, service.OnAdmitted(g.reading(admitted, info.FullMethod), room.Release), room})
}

// admit returns a context with the principal. It logs a refused peer by name; the peer's error says less,
// because the peer may pass it on.
func (g *guard) admit(ctx context.Context, method string) (context.Context, error) {
	name, err := g.access.principal(ctx)
	if err == nil {
		if g.access.believes(ctx) {
			ctx = chat.WithTarget(ctx)
		}
		ctx = telemetry.WithRequestID(ctx, requestID(ctx))
		return context.WithValue(ctx, principalKey{}, name), nil
	}
	who := []any{slog.String("method", method), slog.String("request_id", requestID(ctx)), slog.String("reason", status.Convert(err).Message())}
	if from, ok := peer.FromContext(ctx); ok {
		who = append(who, slog.Any("peer", from.Addr))
		if c := certificate(from); c != nil {
			who = append(who, slog.Any("certificate", namesIn(c)))
		}
	}
	g.logger.WarnContext(ctx, "refused a call", who...)
	return nil, err
}

// target returns the trailer of a call that has created a completion, with the target if the peer may see it.
func target(ctx context.Context) metadata.MD {
	if name := chat.TargetOf(ctx); name != "" {
		return metadata.Pairs(TargetKey, name)
	}
	return nil
}

// status returns the status for the end of a call.
func (g *guard) status(ctx context.Context, method string, err error, panicked any) error {
	if panicked != nil {
		err = fmt.Errorf("handler panicked: %v\n%s", panicked, debug.Stack())
	}
	if err == nil {
		return nil
	}
	var shown *chat.Error
	if errors.As(err, &shown) && shown.Refusal != "" {
		g.refused(shown.Refusal)
	}
	told := status.Convert(wire.Status(err))
	switch told.Code() {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		g.logger.ErrorContext(ctx, "call failed", slog.String("method", method),
			slog.String("request_id", requestID(ctx)), slog.Any("error", err))
	default:
	}
	return told.Err()
}

func requestID(ctx context.Context) string {
	if values := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(values) > 0 {
		return values[0]
	}
	return ""
}
