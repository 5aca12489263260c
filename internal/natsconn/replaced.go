package natsconn

import (
	"context"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// besideWait is how long a server has to answer, on the connection in use and on a second one.
const besideWait = time.Second

// Replaced reports whether the server of a connection accepts a new connection but does not answer on the one
// in use, as after its host was silently replaced. The connection's own pings find that too, but later: they
// have to be patient with a server that stands still, which does neither. It takes at most a second.
func (s *Server) Replaced(ctx context.Context, conn *nats.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, besideWait)
	defer cancel()
	answered := make(chan error, 1)
	go func() { answered <- conn.FlushWithContext(ctx) }() // ends with ctx, or the write that it waits for
	if !s.greets(ctx, conn.ConnectedUrl()) {
		return false
	}
	select {
	case err := <-answered:
		return err != nil && conn.IsConnected()
	case <-ctx.Done():
		return conn.IsConnected()
	}
}

// greets reports whether a server greets a new connection, as NATS does, before ctx ends. A server that speaks
// WebSocket does not greet, but refuses what is no handshake, with TLS and without.
func (s *Server) greets(ctx context.Context, at string) bool {
	where, err := url.Parse(at)
	if err != nil || where.Host == "" {
		return false
	}
	address := where.Host
	if where.Port() == "" {
		address = net.JoinHostPort(where.Hostname(), strconv.Itoa(nats.DefaultPort))
	}
	conn, err := s.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	want := "INFO "
	if strings.HasPrefix(where.Scheme, "ws") {
		want = "HTTP/"
		if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
			return false
		}
	}
	greeting := make([]byte, len(want))
	_, err = io.ReadFull(conn, greeting)
	return err == nil && string(greeting) == want
}
