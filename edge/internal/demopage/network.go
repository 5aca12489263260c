package demopage

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Outage is how long the network is down after [Network.Drop].
const Outage = 5 * time.Second

// A Network tracks the connections of a server, and breaks them. Its zero value is ready, and it is safe for
// concurrent use.
type Network struct {
	mu   sync.Mutex
	open map[net.Conn]bool // whether the connection serves a request
	back time.Time         // when the network is up again
}

type connKey struct{}

// Attach makes server report its connections. It wraps the server's ConnContext, and replaces its ConnState.
// Call it before the server starts.
func (n *Network) Attach(server *http.Server) {
	before := server.ConnContext
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if before != nil {
			ctx = before(ctx, conn)
		}
		return context.WithValue(ctx, connKey{}, conn)
	}
	server.ConnState = n.note
}

// note records a connection's new state. During an outage, it closes new connections.
func (n *Network) note(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(n.open, conn)
	case http.StateNew, http.StateActive, http.StateIdle:
		if state == http.StateNew && time.Now().Before(n.back) {
			_ = conn.Close() // that is the point
			return
		}
		if n.open == nil {
			n.open = make(map[net.Conn]bool)
		}
		n.open[conn] = state == http.StateActive
	}
}

// Cut closes every connection that serves a request, except that of ctx.
func (n *Network) Cut(ctx context.Context) { n.end(ctx, true) }

// Drop closes every connection except that of ctx, and every new one for the duration of an [Outage].
func (n *Network) Drop(ctx context.Context) {
	n.mu.Lock()
	n.back = time.Now().Add(Outage)
	n.mu.Unlock()
	n.end(ctx, false)
}

func (n *Network) end(ctx context.Context, busy bool) {
	own := ctx.Value(connKey{})
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn, answering := range n.open {
		if conn != own && (answering || !busy) {
			_ = conn.Close() // that is the point
		}
	}
}
