// Package backend connects the edge to the completion service: to all its replicas, with as many
// connections as the open calls need, and with reads in beats while they are busy.
//
// Generated clients make their calls through a [Backend]. It spreads calls over the replicas that report
// themselves as serving, and repeats calls elsewhere if that is safe. It knows which methods those are, and
// nothing else about them.
package backend

import (
	"context"
	"net"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/pacer"
	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// Config is the configuration of a [Backend].
type Config struct {
	// Address is one host:port, several separated by commas, or a target of gRPC's own such
	// as dns:///name:port.
	Address string
	// Dial, if not nil, connects to a completion service in this process, in place of Address.
	Dial func(context.Context) (net.Conn, error)
	// TLS has the certificates; nil: connections are not encrypted.
	TLS *tlsfiles.Set
	// Name is what the service's certificate must be for, in place of the address's host.
	Name string
	// Pacer says when a busy connection is read.
	Pacer pacer.Pacer
	// Options are added to those of each connection.
	Options []grpc.DialOption
}

// A Backend is a completion service with all its replicas. It is safe for concurrent use.
type Backend struct{ conns *pool }

// New prepares the connections. The service need not be running yet.
func New(cfg Config) (*Backend, error) {
	options := slices.Concat(cfg.Options, []grpc.DialOption{grpc.WithAuthority(cfg.Name)})
	address := cfg.Address
	if cfg.Dial != nil {
		address = "passthrough:///inside"
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return cfg.Dial(ctx) }))
	}
	secured := credentialsOf(cfg.TLS)
	conns, err := newPool(func(calls *atomic.Int64) (*grpc.ClientConn, error) {
		return dial(address, slices.Concat(options, []grpc.DialOption{grpc.WithTransportCredentials(moderating{secured, calls, cfg.Pacer})})...)
	})
	if err != nil {
		return nil, err
	}
	return &Backend{conns}, nil
}

// Invoke implements [grpc.ClientConnInterface]. It repeats a repeatable call that is not
// answered soon.
func (b *Backend) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return b.conns.Invoke(ctx, method, args, reply, opts...)
}

// NewStream implements [grpc.ClientConnInterface].
func (b *Backend) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return b.conns.NewStream(ctx, desc, method, opts...)
}

// Close ends all calls.
func (b *Backend) Close() error { return b.conns.Close() }
