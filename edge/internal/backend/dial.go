package backend

import (
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // lets the connection leave out replicas that are not serving
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// serviceConfig spreads calls over the replicas that report themselves as serving. Later attempts of a
// hedged call go to replicas that were not tried.
const serviceConfig = `{
	"loadBalancingConfig": [{"` + balancerName + `": {}}],
	"healthCheckConfig": {"serviceName": "petstore.completion.v1.CompletionService"}
}`

// maxAnswer bounds a unary answer, in bytes: a whole completion, or a page of them.
const maxAnswer = 64 << 20

// Windows of flow control, in bytes. They are fixed, because gRPC's own search for better
// ones sends a ping with nearly every event of a paced stream, which is answered: that
// costs both sides more than the event does. A stream's is what a client that does not
// read can make the edge hold.
const (
	streamWindow     = 64 << 10
	connectionWindow = 1 << 20
)

// dial prepares a connection to the replicas at address: one host:port, several
// separated by commas, or a target of gRPC's own such as dns:///name:port.
func dial(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	options = append(options,
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connectionWindow),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{
			// Reconnect to a restarted replica quickly.
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
	)
	if !strings.Contains(address, ",") {
		return grpc.NewClient(address, append(options, grpc.WithResolvers(names{net.DefaultResolver.LookupHost}))...)
	}
	replicas := manual.NewBuilderWithScheme("replicas")
	var state resolver.State
	for one := range strings.SplitSeq(address, ",") {
		one = strings.TrimSpace(one)
		state.Addresses = append(state.Addresses, resolver.Address{Addr: one, ServerName: one})
	}
	replicas.InitialState(state)
	return grpc.NewClient("replicas:///completion", append(options, grpc.WithResolvers(replicas))...)
}
