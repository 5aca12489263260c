// Package cut is a TCP proxy that breaks connections: it forwards bytes both ways and
// cuts a connection once the server's side has sent as many as were planned. It can be a
// network that is slow, that is away, or that has forgotten its connections.
package cut

import (
	"io"
	"net"
	"sync"
	"time"
)

// A Plan says how a connection ends.
type Plan struct {
	// After is how many bytes of the server's the client gets before the cut; 0: all,
	// as there is no cut.
	After int64
	// AtBlank puts the cut off until the server has sent a blank line (LF LF), which is
	// where an event ends.
	AtBlank bool
	// WholeBlank puts the cut off by a byte where it would come after an LF, so that it
	// does not part the two of a blank line.
	WholeBlank bool
	// Reset makes the cut a TCP RST, as of a machine that crashed. Else it is a FIN, as
	// of a process that was killed.
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
	held   chan struct{} // nil: data goes through; else closed when it does again
	closed bool
}

// Listen returns a proxy to target on a free port of the loopback interface. It asks
// plan about each connection, counted from 0, one after the other.
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

// CutAll cuts the connections that there are. New ones are forwarded.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.close()
	}
}

// Close ends all connections and returns when nothing of the proxy runs any more.
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

// forward serves one connection to its end.
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

// down copies what the server sends, and reports whether it stopped as planned.
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

// keep remembers a connection, so that Close can end it: false where it already has.
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
