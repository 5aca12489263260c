package demopage

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Outage is how long the network is away after [Network.Drop].
const Outage = 5 * time.Second

// A Network knows the connections of a server, and breaks them. Its zero value is ready.
type Network struct {
	mu   sync.Mutex
	open map[net.Conn]bool // whether a request is being answered on it
	back time.Time         // when the network is there again
}

type connKey struct{}

// Attach has server tell of its connections. It keeps the ConnContext that the server has.
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

// note takes a connection's new state. While the network is away, a new connection ends at once.
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

// Cut ends every connection on which a request is being answered, but for the one of ctx.
func (n *Network) Cut(ctx context.Context) { n.end(ctx, true) }

// Drop ends every connection but the one of ctx, and each new one for the time of an [Outage].
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
