package cut

import (
	"net"
	"sync"
	"time"
)

// Delay holds each piece of data back for d from now on, in both directions; 0: no longer.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Hold lets nothing through until [Proxy.Release], in either direction: the network is
// away. Connections stay open, and new ones are accepted and wait.
func (p *Proxy) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = make(chan struct{})
	}
}

// Release ends a [Proxy.Hold]. What was sent meanwhile goes through.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held != nil {
		close(p.held)
		p.held = nil
	}
}

// Swallow takes the server away from the open connections without a word to their
// clients: what they send goes nowhere, and nothing comes. New connections are forwarded.
// So it is where another host takes the address of one that died.
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

// isSwallowed reports whether the client is to hear nothing of the server's end.
func (p *Proxy) isSwallowed(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.swallowed
}

// await returns when the network lets through what has come: false where the proxy, or
// what cut is closed for, has ended before that.
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

// A late side of a link yields what comes when the network lets it through.
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
