package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
)

// OpenTelemetry's gRPC instrumentation is a stats.Handler. gRPC calls such a handler for every message, with an
// allocation and a clock reading each time, which costs a stream of small messages and which the
// instrumentation ignores. So interceptors give it only what it uses: the beginning of a call, the addresses,
// and the end.

// GRPCClient records a span and a duration for each call, and puts the trace context in its metadata.
// Interceptors after these are within the span.
func (t *Telemetry) GRPCClient() []grpc.DialOption {
	c := client{otelgrpc.NewClientHandler(t.grpc()...)}
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(c.unary), grpc.WithChainStreamInterceptor(c.stream)}
}

// GRPCServer is the other side of GRPCClient. It does not see calls of unknown methods.
func (t *Telemetry) GRPCServer() []grpc.ServerOption {
	s := server{otelgrpc.NewServerHandler(t.grpc()...)}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(s.unary), grpc.ChainStreamInterceptor(s.stream)}
}

func (t *Telemetry) grpc() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.Tracers),
		otelgrpc.WithMeterProvider(t.Meters),
		otelgrpc.WithPropagators(t.Propagator),
		otelgrpc.WithFilter(isOurs),
	}
}

// isOurs leaves out gRPC's own services, health and reflection: a watched health check
// is a call that never ends.
func isOurs(call *stats.RPCTagInfo) bool { return !strings.HasPrefix(call.FullMethodName, "/grpc.") }

type client struct{ stats.Handler }

func (c client) unary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx, observed := c.begin(ctx, method)
	return invoke(ctx, method, req, reply, conn, append(opts, observed...)...)
}

func (c client) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, observed := c.begin(ctx, method)
	return open(ctx, desc, conn, method, append(opts, observed...)...)
}

// begin returns the context and options for a call. The call reports its end.
func (c client) begin(ctx context.Context, method string) (context.Context, []grpc.CallOption) {
	begun := time.Now()
	ctx = c.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	c.HandleRPC(ctx, &stats.Begin{Client: true, BeginTime: begun})
	at := new(peer.Peer) // known by the end
	return ctx, []grpc.CallOption{grpc.Peer(at), grpc.OnFinish(func(err error) {
		if at.Addr != nil {
			c.HandleRPC(ctx, &stats.OutHeader{Client: true, RemoteAddr: at.Addr})
		}
		c.HandleRPC(ctx, &stats.End{Client: true, BeginTime: begun, EndTime: time.Now(), Error: err})
	})}
}

type server struct{ stats.Handler }

func (s server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (resp any, err error) {
	ctx, end := s.begin(ctx, info.FullMethod)
	defer func() { end(err) }()
	return handle(ctx, req)
}

func (s server) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	ctx, end := s.begin(stream.Context(), info.FullMethod)
	defer func() { end(err) }()
	return handle(srv, &observedStream{stream, ctx})
}

func (s server) begin(ctx context.Context, method string) (context.Context, func(error)) {
	begun := time.Now()
	ctx = s.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	s.HandleRPC(ctx, &stats.Begin{BeginTime: begun})
	if at, ok := peer.FromContext(ctx); ok {
		s.HandleRPC(ctx, &stats.InHeader{RemoteAddr: at.Addr, LocalAddr: at.LocalAddr})
	}
	return ctx, func(err error) {
		s.HandleRPC(ctx, &stats.End{BeginTime: begun, EndTime: time.Now(), Error: err})
	}
}

// An observedStream has the context of its span.
type observedStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // as grpc.ServerStream has it
}

// Context implements grpc.ServerStream.
func (s *observedStream) Context() context.Context { return s.ctx }
