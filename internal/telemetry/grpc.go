package telemetry

import (
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc/stats"
)

// GRPCClient is for grpc.WithStatsHandler: a span and a duration for each call, and the
// trace context in its metadata.
func (t *Telemetry) GRPCClient() stats.Handler { return otelgrpc.NewClientHandler(t.grpc()...) }

// GRPCServer is for grpc.StatsHandler: the other side of GRPCClient.
func (t *Telemetry) GRPCServer() stats.Handler { return otelgrpc.NewServerHandler(t.grpc()...) }

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
