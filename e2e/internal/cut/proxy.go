// Package cut is a TCP proxy that breaks connections: it forwards bytes both ways and
// cuts a connection once the server's side has sent as many as were planned.
package cut

import (
	"io"
	"net"
	"sync"
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

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	cuts   int
	closed bool
}

// Listen returns a proxy to target on a free port of the loopback interface. It asks
// plan about each connection, counted from 0, one after the other.
func Listen(target string, plan func(connection int) Plan) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a loopback address takes no time
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, plan: plan, listener: listener, open: make(map[net.Conn]struct{})}
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
	for conn := range p.open {
		_ = conn.Close()
	}
}

// Close ends all connections and returns when nothing of the proxy runs any more.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for conn := range p.open {
		_ = conn.Close()
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
	server, err := net.Dial("tcp", p.target) //nolint:noctx // a loopback address takes no time
	if err != nil {
		_ = client.Close()
		return
	}
	if !p.keep(client, server) {
		return
	}
	defer p.drop(client, server)
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite() // dialled as TCP
	})
	if p.down(client, server, plan) {
		p.mu.Lock()
		p.cuts++
		p.mu.Unlock()
		if plan.Reset {
			_ = client.(*net.TCPConn).SetLinger(0) // accepted as TCP
		}
	}
	_ = client.Close()
	_ = server.Close()
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

// keep remembers connections, so that Close can end them: false where it already has.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		if p.closed {
			_ = conn.Close()
			continue
		}
		p.open[conn] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.open, conn)
	}
}
