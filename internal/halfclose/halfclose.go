// Package halfclose keeps a request alive when its client has closed its sending side.
//
// A client may send a FIN to say that it sends nothing more, and wait for the answer; a client that closes its
// connection also sends one. net/http treats both as gone, and ends the request. Here a FIN within a request
// decides nothing yet. The next write does: the system of a client that is gone answers with a reset, which
// ends the request. [Notify] lets a streaming handler write something at once; for an answer that is not ready
// yet, the package writes an interim response, if [Interim] allows one.
//
// It is for connections without TLS, which has its own alert for the end.
package halfclose

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// patience is how long an answer may take before an interim response tests whether its client is still
	// there.
	patience = time.Second
	// closely is how often to look for a reset just after the FIN, or after a write, and seldom how often
	// later.
	closely = 5 * time.Millisecond
	seldom  = 100 * time.Millisecond
	// soon is how long a reset may take to arrive.
	soon = time.Second
)

// interim is a response without meaning. A client that has not asked for it discards it (RFC 9110, section
// 15.2.1).
const interim = "HTTP/1.1 100 Continue\r\n\r\n"

// Listen returns a listener whose connections outlive a FIN within a request.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements [net.Listener].
func (l listener) Accept() (net.Conn, error) {
	under, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := under.(*net.TCPConn)
	if !ok {
		return under, nil
	}
	return &conn{Conn: under, tcp: tcp, woken: make(chan struct{}, 1)}, nil
}

// A conn is the connection of one client.
type conn struct {
	net.Conn // tcp, without what only a TCPConn has
	tcp      *net.TCPConn
	woken    chan struct{}

	writing sync.Mutex // held while something is written

	mu       sync.Mutex
	deadline time.Time // for reading
	closed   bool
	broken   bool // a write has failed
	shut     bool // the client has closed its sending side
	answered bool // something was written since the request was read
	interims bool // an interim response may be written before that
	written  time.Time
	watchers map[*func()]struct{}
}

// NetConn returns the connection below.
func (c *conn) NetConn() net.Conn { return c.tcp }

// CloseWrite closes the sending side, as net/http does before it closes a connection on which something may
// still arrive.
func (c *conn) CloseWrite() error { return c.tcp.CloseWrite() }

// Read implements [net.Conn]. While a handler runs, net/http reads a single byte, to learn that the
// client is gone: none of its other reads is that short. A FIN there is hidden from it.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if len(p) != 1 {
		c.requested()
		return n, err
	}
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	return 0, c.outlive()
}

// requested forgets the state of the previous request.
func (c *conn) requested() {
	c.mu.Lock()
	c.answered, c.interims = false, false
	c.mu.Unlock()
}

// outlive returns when more is known than that the client sends nothing more: that it is gone, or that net/http
// no longer waits for an answer.
func (c *conn) outlive() error {
	c.mu.Lock()
	c.shut = true
	for f := range c.watchers {
		go (*f)()
	}
	c.mu.Unlock()
	since := time.Now()
	ask := since.Add(patience)
	timer := time.NewTimer(closely)
	defer timer.Stop()
	for {
		if err := c.ended(); err != nil {
			return err
		}
		now := time.Now()
		if !ask.IsZero() && !now.Before(ask) {
			ask = time.Time{}
			c.ask()
		}
		timer.Reset(c.pause(now, since))
		select {
		case <-timer.C:
		case <-c.woken:
		}
	}
}

// pause returns how long to wait before the next look.
func (c *conn) pause(now, since time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(since) < soon || now.Sub(c.written) < soon {
		return closely
	}
	return seldom
}

// ended returns why a read ends, nil if it does not.
func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return os.ErrDeadlineExceeded
	case c.broken || gone(c.tcp):
		return io.ErrUnexpectedEOF
	}
	return nil
}

// ask writes an interim response, unless the response has begun.
func (c *conn) ask() {
	if !c.writing.TryLock() {
		return // something is being written
	}
	defer c.writing.Unlock()
	c.mu.Lock()
	may := c.interims && !c.answered
	c.mu.Unlock()
	if may {
		_, err := c.Conn.Write([]byte(interim))
		c.wrote(err)
	}
}

// Write implements [net.Conn].
func (c *conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	c.wrote(err)
	return n, err
}

// wrote notes that something was written.
func (c *conn) wrote(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = c.broken || err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	if c.shut {
		c.written = time.Now()
		c.wake()
	}
}

// wake makes a read that outlives a FIN look again.
func (c *conn) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// SetReadDeadline implements [net.Conn].
func (c *conn) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	c.deadline = at
	c.wake()
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(at)
}

// SetDeadline implements [net.Conn].
func (c *conn) SetDeadline(at time.Time) error {
	return errors.Join(c.SetReadDeadline(at), c.SetWriteDeadline(at))
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.wake()
	c.mu.Unlock()
	return c.Conn.Close()
}

type connKey struct{}

// Context returns a context of the connection's requests, by which [Notify] and [Interim] find it.
func Context(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Interim allows an interim response to the request of that context, which has to be one of
// HTTP/1.1: HTTP/1.0 has none.
func Interim(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		c.mu.Lock()
		c.interims = true
		c.mu.Unlock()
	}
}

// Notify calls f, in its own goroutine, once the client of that context has closed its sending side, at once if
// it already has. After stop it is no longer called, but a call may still be running.
func Notify(ctx context.Context, f func()) (stop func()) {
	c, ok := ctx.Value(connKey{}).(*conn)
	if !ok {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		go f()
		return func() {}
	}
	if c.watchers == nil {
		c.watchers = make(map[*func()]struct{}, 1)
	}
	c.watchers[&f] = struct{}{}
	return func() {
		c.mu.Lock()
		delete(c.watchers, &f)
		c.mu.Unlock()
	}
}
