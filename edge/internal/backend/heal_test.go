package backend

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"
)

// healsWithin is how soon the edge is ready once a service can be reached again, as docs/operations.md says.
const healsWithin = 5 * time.Second

// A fakeNetwork leads to completion services inside a bubble of time.
type fakeNetwork struct {
	mu       sync.Mutex
	services map[string]*fakeService // by address; none: a connection is refused
	names    map[string][]string     // addresses by name; none: there is no such name
	silent   bool                    // nothing gets through
}

type fakeService struct {
	server   *grpc.Server
	listener *bufconn.Listener
	health   *health.Server
	served   sync.WaitGroup
}

var errRefused = errors.New("connection refused")

// start starts a service at an address.
func (n *fakeNetwork) start(address string) {
	calm := grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true})
	s := &fakeService{server: grpc.NewServer(calm), listener: bufconn.Listen(64 << 10), health: health.NewServer()}
	grpc_health_v1.RegisterHealthServer(s.server, s.health)
	s.served.Go(func() { _ = s.server.Serve(s.listener) })
	n.mu.Lock()
	n.services[address] = s
	n.mu.Unlock()
	n.serve(address, true)
}

// serve makes a service report whether it is serving.
func (n *fakeNetwork) serve(address string, serves bool) {
	status := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if serves {
		status = grpc_health_v1.HealthCheckResponse_SERVING
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.services[address].health.SetServingStatus("petstore.completion.v1.CompletionService", status)
}

// stop ends the service at an address.
func (n *fakeNetwork) stop(address string) {
	n.mu.Lock()
	s := n.services[address]
	delete(n.services, address)
	n.mu.Unlock()
	if s != nil {
		s.server.Stop()
		s.served.Wait()
	}
}

// call makes a name resolve to addresses.
func (n *fakeNetwork) call(name string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[name] = addresses
}

// silence blocks all traffic, or lets it through again.
func (n *fakeNetwork) silence(is bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = is
}

func (n *fakeNetwork) isSilent() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.silent
}

func (n *fakeNetwork) dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	s := n.services[address]
	n.mu.Unlock()
	switch {
	case n.isSilent():
		<-ctx.Done()
		return nil, ctx.Err()
	case s == nil:
		return nil, errRefused
	}
	conn, err := s.listener.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	return &lossy{Conn: conn, network: n}, nil
}

func (n *fakeNetwork) lookup(ctx context.Context, host string) ([]string, error) {
	n.mu.Lock()
	found := n.names[host]
	n.mu.Unlock()
	switch {
	case n.isSilent():
		<-ctx.Done()
		return nil, ctx.Err()
	case len(found) == 0:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

// A lossy connection drops everything that is sent while the network is silent.
type lossy struct {
	net.Conn
	network *fakeNetwork
}

func (l *lossy) Write(p []byte) (int, error) {
	if l.network.isSilent() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

func (l *lossy) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil || !l.network.isSilent() {
			return n, err
		}
	}
}

// TestServicesAreFoundAgainInTime makes the services fail in every way from which they recover by themselves. It measures
// the time by the bubble's clock.
func TestServicesAreFoundAgainInTime(t *testing.T) {
	t.Parallel()
	const one, other, name = "192.0.2.1:50051", "192.0.2.2:50051", "services"
	for what, test := range map[string]struct {
		target     string
		begin, end func(n *fakeNetwork)
	}{
		"it is started again": {
			one,
			func(n *fakeNetwork) { n.stop(one) },
			func(n *fakeNetwork) { n.start(one) },
		},
		"one of two is started again": {
			one + "," + other,
			func(n *fakeNetwork) { n.stop(one) },
			func(n *fakeNetwork) { n.start(one) },
		},
		"it serves again": {
			one,
			func(n *fakeNetwork) { n.serve(one, false) },
			func(n *fakeNetwork) { n.serve(one, true) },
		},
		"the network is back": {
			one,
			func(n *fakeNetwork) { n.silence(true) },
			func(n *fakeNetwork) { n.silence(false) },
		},
		"its name is known again": {
			"dns:///" + name + ":50051",
			func(n *fakeNetwork) { n.stop(one); n.call(name) },
			func(n *fakeNetwork) { n.start(one); n.call(name, "192.0.2.1") },
		},
		"it has moved": {
			name + ":50051",
			func(n *fakeNetwork) { n.stop(one); n.stop(other) },
			func(n *fakeNetwork) { n.start(other); n.call(name, "192.0.2.2") },
		},
		"the network is back, and it has moved": {
			name + ":50051",
			func(n *fakeNetwork) { n.silence(true); n.stop(one); n.stop(other) },
			func(n *fakeNetwork) { n.silence(false); n.start(other); n.call(name, "192.0.2.2") },
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := &fakeNetwork{services: make(map[string]*fakeService), names: map[string][]string{name: {"192.0.2.1"}}}
				n.start(one)
				defer n.stop(one)
				defer n.stop(other)
				b, err := New(Config{Address: test.target, Options: []grpc.DialOption{
					grpc.WithContextDialer(n.dial), grpc.WithResolvers(names{n.lookup}),
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				ctx, cancel := context.WithCancel(t.Context())
				var watching sync.WaitGroup
				watching.Go(func() { b.Watch(ctx, slog.New(slog.DiscardHandler)) })
				defer watching.Wait()
				defer cancel()
				awaitReady(t, b, true)
				var longest time.Duration
				for _, away := range []time.Duration{0, 370 * time.Millisecond, 740 * time.Millisecond, 1110 * time.Millisecond, 1900 * time.Millisecond, 10 * time.Minute} {
					test.begin(n)
					awaitReady(t, b, false)
					<-time.After(away)
					test.end(n)
					longest = max(longest, awaitReady(t, b, true))
					<-time.After(time.Minute)
				}
				t.Logf("ready within %v", longest)
				if longest > healsWithin {
					t.Errorf("ready only after %v, and that should take %v at most", longest, healsWithin)
				}
			})
		})
	}
}

// awaitReady waits until the backend is ready, or is not, and returns how long that took.
func awaitReady(t *testing.T, b *Backend, want bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for time.Since(begun) < 5*time.Minute {
		if (b.Ready() == nil) == want {
			return time.Since(begun)
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("ready: %v after %v", b.Ready(), time.Since(begun))
	return 0
}
