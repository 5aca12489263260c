package cut

import (
	"net"
	"sync"
	"time"
)

// Delay delays all data by d from now on, in both directions; 0 ends that.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Hold stops all data in both directions until [Proxy.Release], like a network outage. Connections stay open,
// and new ones wait.
func (p *Proxy) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = make(chan struct{})
	}
}

// Release ends a [Proxy.Hold]. Data sent meanwhile goes through.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		close(p.held)
		p.held = nil
	}
}

// Swallow detaches the open connections from the server without their clients noticing: their data is lost, and
// they receive nothing. New connections are forwarded. This happens when another host takes over the address of
// a dead one.
func (p *Proxy) Swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.swallowed = true
		_ = l.server.Close()
	}
}

// A link is a connection through the proxy.
type link struct {
	client, server net.Conn
	swallowed      bool // guarded by Proxy.mu
	cut            chan struct{}
	once           sync.Once
}

// close ends both sides.
func (l *link) close() {
	l.once.Do(func() { close(l.cut) })
	_ = l.client.Close()
	_ = l.server.Close()
}

// isSwallowed reports whether to hide the server's end from the client.
func (p *Proxy) isSwallowed(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.swallowed
}

// await waits until the network lets data through. It returns false if the proxy ends, or cut is closed, before
// that.
func (p *Proxy) await(cut <-chan struct{}) bool {
	p.mu.Lock()
	delay := p.delay
	p.mu.Unlock()
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-cut:
		case <-p.done:
		}
	}
	for {
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		if held == nil {
			return true
		}
		select {
		case <-held:
		case <-cut:
			return false
		case <-p.done:
			return false
		}
	}
}

// A late side of a link yields received data once the network lets it through.
type late struct {
	net.Conn
	proxy *Proxy
	cut   <-chan struct{}
}

// Read implements io.Reader.
func (l late) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.proxy.await(l.cut)
	return n, err
}
