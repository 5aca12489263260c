package backend

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// callsPerConn is how many calls share one connection before another one is opened. Everything
// that a replica sends on a connection passes through one lock and one goroutine of gRPC. If many
// hundreds of streams have more to send than their readers take, none of them makes progress,
// and the connection's ping is not answered in time.
const callsPerConn = 128

// A pool is a gRPC client that has as many connections to each replica as the open calls
// need. It is safe for concurrent use.
type pool struct {
	dial func(calls *atomic.Int64) (*grpc.ClientConn, error)

	mu    sync.Mutex
	conns []*pooled // at least one; none is ever removed, because gRPC closes idle ones itself
}

// A pooled connection counts its calls.
type pooled struct {
	conn  *grpc.ClientConn
	calls atomic.Int64
}

// newPool prepares the first connection. dial gets the counter of the calls on a connection.
func newPool(dial func(calls *atomic.Int64) (*grpc.ClientConn, error)) (*pool, error) {
	p := &pool{dial: dial}
	if _, err := p.grow(); err != nil {
		return nil, err
	}
	return p, nil
}

// Invoke implements [grpc.ClientConnInterface]. It hedges a repeatable call.
func (p *pool) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	invoke := func(ctx context.Context, args, reply any, opts ...grpc.CallOption) error {
		c := p.acquire()
		return c.conn.Invoke(ctx, method, args, reply, counted(c, opts)...)
	}
	if mayRepeat(method, args) {
		return repeat(ctx, args, reply, opts, invoke)
	}
	return invoke(ctx, args, reply, opts...)
}

// NewStream implements [grpc.ClientConnInterface].
func (p *pool) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c := p.acquire()
	return c.conn.NewStream(ctx, desc, method, counted(c, opts)...)
}

// counted adds the option that releases c when the call has ended for any reason.
func counted(c *pooled, opts []grpc.CallOption) []grpc.CallOption {
	return append(opts[:len(opts):len(opts)], grpc.OnFinish(func(error) { c.calls.Add(-1) }))
}

// acquire counts a call on the first connection that has room for it, so that later
// connections become idle.
func (p *pool) acquire() *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	least := p.conns[0]
	for _, c := range p.conns {
		if c.calls.Load() < callsPerConn {
			c.calls.Add(1)
			return c
		}
		if c.calls.Load() < least.calls.Load() {
			least = c
		}
	}
	if c, err := p.grow(); err == nil { // otherwise share a full connection: do not fail under load
		least = c
	}
	least.calls.Add(1)
	return least
}

// grow adds a connection, which opens with its first call.
func (p *pool) grow() (*pooled, error) {
	c := &pooled{}
	var err error
	if c.conn, err = p.dial(&c.calls); err != nil {
		return nil, err
	}
	p.conns = append(p.conns, c)
	return c, nil
}

// Connect opens the first connection before there is a call.
func (p *pool) Connect() { p.first().Connect() }

// WaitForStateChange waits until the state of the first connection changes. It returns
// false if ctx ends first.
func (p *pool) WaitForStateChange(ctx context.Context, state connectivity.State) bool {
	return p.first().WaitForStateChange(ctx, state)
}

// GetState returns the state of the first connection, which calls prefer.
func (p *pool) GetState() connectivity.State { return p.first().GetState() }

func (p *pool) first() *grpc.ClientConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[0].conn
}

// Close ends all calls.
func (p *pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.conns {
		errs = append(errs, c.conn.Close())
	}
	return errors.Join(errs...)
}
