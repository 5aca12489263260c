// Package liveness knows which replicas of a log are alive, by the beats that each publishes. Declaring a
// replica dead too early costs tokens, but never correctness: only the log's fence decides who may write.
package liveness

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/pawstream/pawstream/internal/wait"
)

const (
	// Every is the time between two beats of a replica.
	Every = 500 * time.Millisecond
	// DeadAfter is how long a replica may be silent before it counts as dead.
	DeadAfter = 2 * time.Second
	// deaf is how long a replica may miss its own beats before it no longer trusts its hearing.
	deaf = DeadAfter / 2
)

// bye is the payload of a replica's last beat when it stops.
const bye = "bye"

// Peers are the replicas of a log, as one of them hears them. A silent replica counts as dead only while this
// one hears itself, and has done so for the whole time in which the other should have been heard: otherwise the
// server, the connection or this process may have stalled. It is safe for concurrent use.
type Peers struct {
	conn   *nats.Conn // nil: there are no other replicas
	prefix string     // of the subjects of beats
	self   string

	mu    sync.Mutex
	heard map[string]time.Time
	own   time.Time // when this one last heard itself
	since time.Time // when it began to hear itself without a gap
	left  bool      // a replica has said bye, which has not been reported yet
}

// New returns the peers of a replica. Each replica beats on its own subject: prefix and its name. Until this
// replica beats, it considers no other dead.
func New(conn *nats.Conn, prefix, self string) *Peers {
	return &Peers{conn: conn, prefix: prefix, self: self, heard: make(map[string]time.Time)}
}

// Alone returns the peers of a replica without any: every other replica counts as dead.
func Alone() *Peers { return new(Peers) }

// Beat publishes beats until ctx ends, and then a bye.
func (p *Peers) Beat(ctx context.Context) {
	if p.conn == nil {
		return
	}
	for {
		_ = p.conn.Publish(p.prefix+p.self, nil)
		if wait.For(ctx, Every) != nil {
			break
		}
	}
	_ = p.conn.Publish(p.prefix+p.self, []byte(bye))
}

// Hear records a received beat.
func (p *Peers) Hear(m *nats.Msg) {
	if p.conn == nil {
		return
	}
	name, now := strings.TrimPrefix(m.Subject, p.prefix), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case name == p.self:
		if now.Sub(p.own) >= deaf {
			p.since = now
		}
		p.own = now
	case string(m.Data) == bye:
		delete(p.heard, name)
		p.left = true
	default:
		p.heard[name] = now
	}
}

// Reconnected must be called after the connection has come up again. The others may reconnect later.
func (p *Peers) Reconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = time.Now()
}

// Hears reports whether this replica would have heard every live replica by now.
func (p *Peers) Hears() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hears(time.Now())
}

func (p *Peers) hears(now time.Time) bool {
	return p.conn == nil || now.Sub(p.own) < deaf && now.Sub(p.since) >= DeadAfter
}

// Alive reports whether a replica was heard within [DeadAfter].
func (p *Peers) Alive(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.heard[name]) < DeadAfter
}

// Dead reports whether a replica would have been heard within [DeadAfter] if it were alive. A replica may be
// neither alive nor dead: then its state is unknown.
func (p *Peers) Dead(name string) bool {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hears(now) && now.Sub(p.heard[name]) >= DeadAfter
}

// Lost reports whether a replica has died or left since the last call.
func (p *Peers) Lost() bool {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := p.left
	p.left = false
	if !p.hears(now) {
		return lost
	}
	for name, at := range p.heard {
		if now.Sub(at) >= DeadAfter {
			delete(p.heard, name)
			lost = true
		}
	}
	return lost
}
