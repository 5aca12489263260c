package backend

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/pawstream/pawstream/edge/internal/pacer"
)

// crowd is how many calls share a connection that is worth moderating. With fewer there is
// little to gather, and a client that asks one question after the other should not wait for a
// beat.
const crowd = 16

// A moderated connection is read at once while few calls share it or little data arrives, and
// once per beat while much data arrives. One read and one wake-up of the process then serve all
// of its streams; these two cost more than everything else that an event needs. Network cards
// moderate their interrupts in the same way. No data waits for longer than a beat.
//
// As usual for a connection, only one goroutine at a time may read it.
type moderated struct {
	net.Conn

	calls *atomic.Int64 // calls on this connection, and on similar ones to other replicas
	pace  pacer.Reads
}

// Read implements [net.Conn].
func (c *moderated) Read(p []byte) (int, error) {
	if wait := c.pace.Wait(time.Now(), c.calls.Load() >= crowd); wait > 0 {
		time.Sleep(wait) //nolint:forbidigo // there is nothing else to wait for
	}
	n, err := c.Conn.Read(p)
	c.pace.Read(n, n == len(p))
	return n, err
}

// moderating are credentials whose connections are moderated below the encryption:
// above it, each record would be a read.
type moderating struct {
	credentials.TransportCredentials

	calls *atomic.Int64 // of each connection
	pacer pacer.Pacer
}

// ClientHandshake implements [credentials.TransportCredentials].
func (m moderating) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return m.TransportCredentials.ClientHandshake(ctx, authority, &moderated{Conn: conn, calls: m.calls, pace: m.pacer.Reads()})
}

// Clone implements [credentials.TransportCredentials].
func (m moderating) Clone() credentials.TransportCredentials {
	m.TransportCredentials = m.TransportCredentials.Clone()
	return m
}
