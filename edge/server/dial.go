package server

import (
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // lets the connection leave out replicas that are not serving
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// serviceConfig spreads calls over the replicas that say that they serve.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"healthCheckConfig": {"serviceName": "petstore.completion.v1.CompletionService"}
}`

// maxAnswer bounds a unary answer, in bytes: a whole completion, or a page of them.
const maxAnswer = 64 << 20

// dial prepares a connection to the replicas at address: one host:port, several
// separated by commas, or a target of gRPC's own such as dns:///name:port.
func dial(address string) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{
			// A replica that was restarted is to be found again within a breath.
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
	}
	if !strings.Contains(address, ",") {
		return grpc.NewClient(address, options...)
	}
	replicas := manual.NewBuilderWithScheme("replicas")
	var state resolver.State
	for one := range strings.SplitSeq(address, ",") {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: strings.TrimSpace(one)})
	}
	replicas.InitialState(state)
	return grpc.NewClient("replicas:///completion", append(options, grpc.WithResolvers(replicas))...)
}
