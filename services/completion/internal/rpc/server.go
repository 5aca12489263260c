package rpc

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// MaxMessageSize bounds a request, in bytes: the edge's body limit of 10 MiB, and room for protobuf's overhead
// of many short messages.
const MaxMessageSize = 16 << 20

// handshakeTimeout bounds the handshakes of a new connection.
const handshakeTimeout = 10 * time.Second

// NewServer returns a gRPC server of the service and of the store's pets, with health and reflection. Panics
// become internal errors; the logger gets the details that callers do not. Requests use memory until they are
// admitted; then completions hold what they need. At most that many streams are open at once; 0: no limit. refused is called for each refused call that is not at fault
// itself.
func NewServer(completing *service.Service, pets completionv1.PetServiceServer, access Access, memory *budget.Budget, streams int, reports *telemetry.Telemetry, refused func(chat.Refusal)) (*grpc.Server, *health.Server) {
	guard := &guard{access: access, memory: memory, turns: newCallTurns(streams), logger: reports.Logger, refused: refused}
	server := grpc.NewServer(append(reports.GRPCServer(),
		grpc.Creds(newTransport(&access, newMeters(halfReceived(memory)), reports.Logger)),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.MaxRecvMsgSize(MaxMessageSize),
		grpc.ForceServerCodecV2(newCodec()),
		// The server notices a dead peer within half a minute. Clients may ping every 5 s without being cut
		// off, even without streams.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(guard.unary),
		grpc.ChainStreamInterceptor(guard.stream),
	)...)
	server.RegisterService(guard.described(completionv1.CompletionService_ServiceDesc), &completions{service: completing})
	server.RegisterService(guard.described(completionv1.ModelService_ServiceDesc), &models{service: completing})
	server.RegisterService(guard.described(completionv1.PetService_ServiceDesc), pets)
	healthServer := health.NewServer()
	SetServing(healthServer, true)
	grpc_health_v1.RegisterHealthServer(server, healthServer)
	reflection.Register(server)
	return server, healthServer
}

// leastHalfReceived is the minimum bound on the bytes of incomplete requests.
const leastHalfReceived = 64 << 20

// halfReceived returns the bound on the bytes of incomplete requests, which do not count against the budget: a
// quarter of its size.
func halfReceived(memory *budget.Budget) int {
	if memory.Size() == 0 {
		return 0
	}
	return max(memory.Size()/4, leastHalfReceived)
}

// SetServing sets the health checks of all services, and of the whole server.
func SetServing(checks *health.Server, serving bool) {
	status := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if serving {
		status = grpc_health_v1.HealthCheckResponse_SERVING
	}
	for _, name := range []string{
		"", completionv1.CompletionService_ServiceDesc.ServiceName, completionv1.ModelService_ServiceDesc.ServiceName,
		completionv1.PetService_ServiceDesc.ServiceName,
	} {
		checks.SetServingStatus(name, status)
	}
}
