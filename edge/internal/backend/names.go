package backend

import (
	"context"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc/resolver"
)

const (
	// lookupPause is the time between two lookups of the replicas' name.
	lookupPause = time.Second
	// lookupTimeout is how long a lookup may take.
	lookupTimeout = 2 * time.Second
)

// names looks up the replicas' name by DNS. gRPC's own resolver does so at most every 30 seconds, and waits for up to two
// minutes after failures: a set of replicas that has moved would not be found sooner.
type names struct {
	lookup func(ctx context.Context, host string) ([]string, error)
}

// Scheme implements [resolver.Builder].
func (names) Scheme() string { return "dns" }

// Build implements [resolver.Builder]. gRPC's own resolver handles targets that are addresses, or that name a DNS server.
func (n names) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	host, port, err := net.SplitHostPort(target.Endpoint())
	if _, notAddress := netip.ParseAddr(host); err != nil || host == "" || port == "" || notAddress == nil || target.URL.Host != "" {
		return resolver.Get("dns").Build(target, cc, opts)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watched{names: n, host: host, port: port, cc: cc, cancel: cancel, again: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run(ctx) // until Close
	return w, nil
}

// A watched name is looked up at once, whenever a connection has failed, and until that succeeds.
type watched struct {
	names
	host, port string
	cc         resolver.ClientConn
	cancel     context.CancelFunc
	again      chan struct{} // has room for one
	ended      chan struct{}
}

// ResolveNow implements [resolver.Resolver].
func (w *watched) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case w.again <- struct{}{}:
	default: // it is about to
	}
}

// Close implements [resolver.Resolver].
func (w *watched) Close() {
	w.cancel()
	<-w.ended
}

func (w *watched) run(ctx context.Context) {
	defer close(w.ended)
	for {
		found := w.report(ctx)
		pause := time.NewTimer(lookupPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
		if !found {
			continue
		}
		select {
		case <-w.again:
		case <-ctx.Done():
			return
		}
	}
}

// report looks the name up once, and reports whether gRPC can use what was found.
func (w *watched) report(ctx context.Context) bool {
	within, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, err := w.lookup(within, w.host)
	if err != nil {
		w.cc.ReportError(err)
		return false
	}
	var state resolver.State
	for _, address := range addresses {
		one := resolver.Address{Addr: net.JoinHostPort(address, w.port)}
		state.Addresses = append(state.Addresses, one)
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{one}})
	}
	return w.cc.UpdateState(state) == nil
}
