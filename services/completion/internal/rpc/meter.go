package rpc

import (
	"encoding/binary"
	"net"
	"sync"
)

// Parts of HTTP/2 (RFC 9113, sections 3.4, 4.1 and 6).
const (
	prefaceSize     = 24
	frameHeaderSize = 9
	frameData       = 0x0
	frameHeaders    = 0x1
	frameReset      = 0x3
	flagEndStream   = 0x1
)

// meters bound the received bytes of incomplete requests: gRPC buffers a request until it is complete, and only
// then calls a handler. Beyond the bound, they close the connection that holds the most.
type meters struct {
	most int // 0: no bound

	mu    sync.Mutex
	taken int
	open  map[*meter]struct{}
}

func newMeters(most int) *meters { return &meters{most: most, open: make(map[*meter]struct{})} }

// held returns the number of received bytes of incomplete requests.
func (m *meters) held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken
}

// meter returns conn with metered reads.
func (m *meters) meter(conn net.Conn) net.Conn {
	one := &meter{Conn: conn, all: m, skip: prefaceSize, streams: make(map[uint32]int)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[one] = struct{}{}
	return one
}

// A meter is a connection that counts the bytes of incomplete requests. It parses only frame headers.
type meter struct {
	net.Conn
	all *meters

	// Only for the reader.
	header  [frameHeaderSize]byte
	begun   int            // received bytes of header
	skip    int            // bytes until the next header
	streams map[uint32]int // received bytes of each incomplete request

	// Guarded by all.mu.
	held   int
	closed bool
}

// Read implements net.Conn.
func (c *meter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.look(b[:n])
	if err != nil {
		c.all.forget(c)
	}
	return n, err
}

// Close implements net.Conn.
func (c *meter) Close() error {
	c.all.forget(c)
	return c.Conn.Close()
}

// look finds the frame headers in received bytes.
func (c *meter) look(b []byte) {
	for len(b) > 0 {
		if c.skip > 0 {
			n := min(c.skip, len(b))
			c.skip -= n
			b = b[n:]
			continue
		}
		n := copy(c.header[c.begun:], b)
		c.begun += n
		b = b[n:]
		if c.begun == frameHeaderSize {
			c.begun = 0
			c.frame()
		}
	}
}

// frame handles a frame by its header.
func (c *meter) frame() {
	size := int(c.header[0])<<16 | int(c.header[1])<<8 | int(c.header[2])
	kind, flags := c.header[3], c.header[4]
	stream := binary.BigEndian.Uint32(c.header[5:]) &^ (1 << 31)
	c.skip = size
	ends := kind == frameReset || flags&flagEndStream != 0 && (kind == frameData || kind == frameHeaders)
	switch {
	case ends:
		if held, ok := c.streams[stream]; ok {
			delete(c.streams, stream)
			c.all.add(c, -held)
		}
	case kind == frameData && size > 0:
		c.streams[stream] += size
		c.all.add(c, size)
	}
}

// add adds n bytes to a connection's count; n may be negative.
func (m *meters) add(c *meter, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.closed {
		return
	}
	c.held += n
	m.taken += n
	if m.most == 0 || m.taken <= m.most {
		return
	}
	largest := c
	for other := range m.open {
		if other.held > largest.held {
			largest = other
		}
	}
	m.drop(largest)
	_ = largest.Conn.Close() // its reader notices
}

// forget removes a connection that has ended.
func (m *meters) forget(c *meter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(c)
}

// drop is forget for a caller that holds the lock.
func (m *meters) drop(c *meter) {
	if !c.closed {
		c.closed = true
		m.taken -= c.held
		delete(m.open, c)
	}
}
