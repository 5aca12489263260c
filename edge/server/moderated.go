package server

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
)

const (
	// readBeat is how often a busy connection is read. The relay's late writes fall on the same
	// beats, where --flush-gap is its default, so that one wake-up of the process serves both.
	readBeat = 2 * time.Millisecond
	// crowd is how many calls share a connection that is worth moderating: with fewer there is
	// little to gather, and who asks one question after the other is not to wait for a beat.
	crowd = 16
	// eagerReads is how many reads within a beat make a connection a busy one. It is more than
	// the opening of a stream takes.
	eagerReads = 4
	// idleRead is how few bytes of a beat make it one that is not busy any more.
	idleRead = 256
)

// moderated is a connection that is read at once while few calls share it or little comes,
// and once in a beat while much does: what its streams got meanwhile is then one read and one wake-up of the
// process, which cost more than all else that an event needs. Network cards moderate
// their interrupts alike. Nothing waits for longer than a beat.
//
// Like any connection it is read by one goroutine at a time.
type moderated struct {
	net.Conn

	calls *atomic.Int64 // that share it, and those of its like to other replicas

	beat  int64 // the number of the last one in which there was a read
	reads int   // within it
	busy  bool
}

// Read implements [net.Conn].
func (c *moderated) Read(p []byte) (int, error) {
	now := time.Now().UnixNano()
	if beat := now / int64(readBeat); beat != c.beat {
		c.beat, c.reads = beat, 0
	}
	if (c.reads >= eagerReads || c.busy && c.reads > 0) && c.calls.Load() >= crowd {
		time.Sleep(readBeat - time.Duration(now%int64(readBeat))) //nolint:forbidigo // there is nothing else to wait for
		c.beat++
		c.reads, c.busy = 0, true
	}
	n, err := c.Conn.Read(p)
	c.busy = c.busy && n >= idleRead
	if n < len(p) { // else there may be more already
		c.reads++
	}
	return n, err
}

// moderating are credentials whose connections are moderated beneath their encryption, of
// which each record would be a read.
type moderating struct {
	credentials.TransportCredentials

	calls *atomic.Int64 // of each connection
}

// ClientHandshake implements [credentials.TransportCredentials].
func (m moderating) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return m.TransportCredentials.ClientHandshake(ctx, authority, &moderated{Conn: conn, calls: m.calls})
}

// Clone implements [credentials.TransportCredentials].
func (m moderating) Clone() credentials.TransportCredentials {
	return moderating{m.TransportCredentials.Clone(), m.calls}
}
