// Package cut is a TCP proxy that breaks connections: it forwards bytes both ways, and cuts a connection after
// a planned number of bytes from the server. It can also act as a network that is slow, is down, or has lost
// its connections.
package cut

import (
	"io"
	"net"
	"sync"
	"time"
)

// A Plan says how a connection ends.
type Plan struct {
	// After is the number of the server's bytes that the client gets before the cut; 0: no cut.
	After int64
	// AtBlank delays the cut until the server has sent a blank line (LF LF), which is the end of an event.
	AtBlank bool
	// WholeBlank delays a cut after an LF by one byte, so that it does not separate the two LF of a blank line.
	WholeBlank bool
	// Reset makes the cut a TCP RST, as from a crashed machine. Otherwise it is a FIN, as from a killed
	// process.
	Reset bool
}

// A Proxy forwards connections to one address until it is closed.
type Proxy struct {
	target   string
	plan     func(connection int) Plan
	listener net.Listener
	wg       sync.WaitGroup

	done chan struct{} // closed by Close

	mu     sync.Mutex
	open   map[*link]struct{}
	cuts   int
	delay  time.Duration
	held   chan struct{} // nil: data goes through; otherwise closed when it does again
	closed bool
}

// Listen returns a proxy to target on a free port of the loopback interface. It calls plan with the number of
// each connection, from 0, one call at a time.
func Listen(target string, plan func(connection int) Plan) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a loopback address takes no time
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, plan: plan, listener: listener, done: make(chan struct{}), open: make(map[*link]struct{})}
	p.wg.Go(p.accept)
	return p, nil
}

// Once cuts the first connection and no other.
func Once(plan Plan) func(int) Plan {
	return func(connection int) Plan {
		if connection == 0 {
			return plan
		}
		return Plan{}
	}
}

// Each cuts every connection.
func Each(plan Plan) func(int) Plan { return func(int) Plan { return plan } }

// Addr returns the address of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cuts returns how many connections have been cut as planned.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// CutAll cuts all current connections. New ones are forwarded.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.close()
	}
}

// Close ends all connections, and waits for the proxy's goroutines.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	if !p.closed {
		close(p.done)
	}
	p.closed = true
	for l := range p.open {
		l.close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for connection := 0; ; connection++ {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		plan := p.plan(connection)
		p.wg.Go(func() { p.forward(client, plan) })
	}
}

// forward forwards one connection until its end.
func (p *Proxy) forward(client net.Conn, plan Plan) {
	if !p.await(nil) {
		_ = client.Close()
		return
	}
	server, err := net.Dial("tcp", p.target) //nolint:noctx // a loopback address takes no time
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{client: client, server: server, cut: make(chan struct{})}
	if !p.keep(l) {
		return
	}
	defer p.drop(l)
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(server, late{client, p, l.cut})
		if p.isSwallowed(l) {
			_, _ = io.Copy(io.Discard, client) // until the client gives up
		}
		_ = server.(*net.TCPConn).CloseWrite() // dialled as TCP
	})
	if p.down(client, late{server, p, l.cut}, plan) {
		p.mu.Lock()
		p.cuts++
		p.mu.Unlock()
		if plan.Reset {
			_ = client.(*net.TCPConn).SetLinger(0) // accepted as TCP
		}
	} else if p.isSwallowed(l) {
		up.Wait()
	}
	l.close()
	up.Wait()
}

// down copies the server's data, and reports whether it stopped as planned.
func (p *Proxy) down(client, server net.Conn, plan Plan) bool {
	if plan.After == 0 {
		_, _ = io.Copy(client, server)
		return false
	}
	if _, err := io.CopyN(client, server, plan.After-1); err != nil {
		return false
	}
	for previous, last := byte(0), make([]byte, 1); ; previous = last[0] {
		if _, err := server.Read(last); err != nil {
			return false
		}
		if _, err := client.Write(last); err != nil {
			return false
		}
		blank := previous == '\n' && last[0] == '\n'
		more := plan.AtBlank || plan.WholeBlank && last[0] == '\n'
		if blank || !more {
			return true
		}
	}
}

// keep registers a connection for Close, and returns false if Close has already run.
func (p *Proxy) keep(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		l.close()
		return false
	}
	p.open[l] = struct{}{}
	return true
}

func (p *Proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, l)
}
