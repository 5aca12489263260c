package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// requestIDKey names the request at the edge, for the log.
const requestIDKey = "x-request-id"

// A guard stands around every handler: it turns errors into statuses and panics into
// errors, and logs what is our fault.
type guard struct{ logger *slog.Logger }

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() { err = g.status(ctx, info.FullMethod, err, recover()) }()
	return handler(ctx, req)
}

func (g *guard) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() { err = g.status(stream.Context(), info.FullMethod, err, recover()) }()
	return handler(srv, stream)
}

// status returns what the caller is told about the end of a call.
func (g *guard) status(ctx context.Context, method string, err error, panicked any) error {
	if panicked != nil {
		err = fmt.Errorf("handler panicked: %v\n%s", panicked, debug.Stack())
	}
	if err == nil {
		return nil
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
