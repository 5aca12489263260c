package rpc

import (
	"errors"
	"io"
	"log/slog"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// insideBuffer is the buffer of a connection within the process, in bytes each way.
const insideBuffer = 256 << 10

// Inside returns a listener for connections from within the process. No other process can open one, so a server
// accepts them without TLS and trusts them.
func Inside() *bufconn.Listener { return bufconn.Listen(insideBuffer) }

// inside reports whether an address belongs to a connection of [Inside].
func inside(address net.Addr) bool { return address.Network() == "bufconn" }

// A transport secures the connections of a server, except those from within the process.
type transport struct {
	credentials.TransportCredentials
	meters *meters
	logger *slog.Logger
}

func newTransport(access *Access, meters *meters, logger *slog.Logger) *transport {
	if access.TLS == nil {
		return &transport{insecure.NewCredentials(), meters, logger}
	}
	return &transport{credentials.NewTLS(access.TLS), meters, logger}
}

// ServerHandshake implements credentials.TransportCredentials. It logs refused peers, because no other code
// sees them.
func (t *transport) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if inside(conn.RemoteAddr()) {
		return insecure.NewCredentials().ServerHandshake(conn)
	}
	secured, info, err := t.TransportCredentials.ServerHandshake(conn)
	if err != nil && !errors.Is(err, io.EOF) { // EOF: the peer only checked whether the port is open
		t.logger.Warn("refused a connection", slog.Any("peer", conn.RemoteAddr()), slog.Any("reason", err))
	}
	if err != nil {
		return nil, nil, err
	}
	return t.meters.meter(secured), info, nil
}

// Clone implements credentials.TransportCredentials.
func (t *transport) Clone() credentials.TransportCredentials {
	return &transport{t.TransportCredentials.Clone(), t.meters, t.logger}
}
