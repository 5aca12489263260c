// Package peers lets the edges of one NATS server share the limits of callers and the used stream tickets.
//
// Each edge keeps one key in a bucket of NATS's key-value store: the report of its [limit.Limiter]. It writes
// the key when the report changes, at most ten times a second, and once a second as a sign of life. All edges
// watch the bucket, so a request waits for no other edge. The counts of a dead edge expire when its last sign
// of life is older than [Lease]. A used ticket is a key of another bucket, which only one edge can create. A
// request waits for nothing else, and not for long.
//
// While NATS is unreachable, each edge counts by itself. It logs the beginning and the end of that.
package peers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/pawstream/pawstream/edge/internal/auth"
	"github.com/pawstream/pawstream/edge/internal/limit"
	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/internal/wait"
)

// Lease is how long the counts of a silent edge remain.
const Lease = 5 * time.Second

const (
	signOfLife = time.Second
	reportGap  = 100 * time.Millisecond // the minimum between two reports
	// reportShare bounds the time for making reports: at most one part in reportShare.
	reportShare = 20
	// patience is the timeout for calls to NATS, and spendPatience that for calls during a request.
	patience      = 2 * time.Second
	spendPatience = 500 * time.Millisecond
	// retryPause is the time between two attempts to count together.
	retryPause = time.Second
)

// The buckets. NATS keeps both in memory: no entry matters for longer than a minute.
const (
	edgesBucket   = "PAWSTREAM_EDGES"
	ticketsBucket = "PAWSTREAM_TICKETS"
	edgesBytes    = 32 << 20
	ticketsBytes  = 16 << 20
)

// Config is the configuration of [Peers]. All fields are required.
type Config struct {
	NATS      natsconn.Server
	Limiter   *limit.Limiter
	Telemetry *telemetry.Telemetry
}

// Peers are the other edges, as seen by one. [Peers.Spend] is safe for concurrent use.
type Peers struct {
	id      string // of this edge, for one run of the process
	limiter *limit.Limiter
	logger  *slog.Logger
	conn    *nats.Conn
	js      jetstream.JetStream
	tickets atomic.Pointer[jetstream.KeyValue] // nil: not shared at the moment
	counted telemetry.Counter

	// Only for Run.
	heard map[string]time.Time // when each edge, including this one, last reported
	alone bool                 // it is logged that this edge counts by itself
}

// Connect connects to NATS. If that is unreachable, it keeps trying in the background: only settings that can
// never work are an error. The caller must call [Peers.Run], or [Peers.Close] instead.
func Connect(cfg Config) (*Peers, error) {
	if err := cfg.NATS.Check(); err != nil {
		return nil, err
	}
	instruments := telemetry.NewInstruments(cfg.Telemetry.Meters)
	p := &Peers{
		id: rand.Text(), limiter: cfg.Limiter, logger: cfg.Telemetry.Logger, heard: make(map[string]time.Time),
		counted: instruments.Level("pawstream.edge.peers", "{edge}", "Other edges whose callers are counted together with this one's."),
	}
	if err := instruments.Err(); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	options := append(cfg.NATS.Options(), nats.Name("pawstream edge "+p.id), nats.RetryOnFailedConnect(true),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			p.logger.Debug("NATS reports an error", slog.Any("error", err))
		}))
	var err error
	if p.conn, err = nats.Connect(cfg.NATS.URL, options...); err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", cfg.NATS.String(), err)
	}
	if p.js, err = jetstream.New(p.conn); err != nil {
		p.conn.Close()
		return nil, fmt.Errorf("NATS: %w", err)
	}
	return p, nil
}

// Close closes the connection.
func (p *Peers) Close() { p.conn.Close() }

// Run counts together with the other edges until ctx ends. Then it deletes this edge's report and closes the
// connection. Call it once.
func (p *Peers) Run(ctx context.Context) {
	defer p.Close()
	for ctx.Err() == nil {
		err := p.together(ctx)
		p.tickets.Store(nil)
		if ctx.Err() != nil {
			break
		}
		if !p.alone {
			p.alone = true
			p.logger.WarnContext(ctx, "limits and used tickets are not shared with other edges for now: each counts by itself", slog.Any("error", err))
		}
		if wait.For(ctx, retryPause) == nil {
			p.expire()
		}
	}
	p.leave(context.WithoutCancel(ctx))
}

// leave makes the other edges forget this one at once.
func (p *Peers) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, spendPatience)
	defer cancel()
	edges, err := p.js.KeyValue(ctx, edgesBucket)
	if err == nil {
		err = edges.Delete(ctx, p.id)
	}
	if err != nil {
		p.logger.DebugContext(ctx, "could not tell the other edges that this one stops", slog.Any("error", err))
	}
}

// together reports and listens until an error or the end of ctx.
func (p *Peers) together(ctx context.Context) error {
	if !p.conn.IsConnected() {
		return nats.ErrConnectionClosed
	}
	setup, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	edges, err := p.js.CreateOrUpdateKeyValue(setup, jetstream.KeyValueConfig{
		Bucket: edgesBucket, Description: "what callers have taken at each edge of Pawstream",
		TTL: Lease, MaxBytes: edgesBytes, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return fmt.Errorf("bucket %s: %w", edgesBucket, err)
	}
	tickets, err := p.js.CreateOrUpdateKeyValue(setup, jetstream.KeyValueConfig{
		Bucket: ticketsBucket, Description: "used stream tickets of Pawstream",
		TTL: 2 * auth.TicketLife, MaxBytes: ticketsBytes, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return fmt.Errorf("bucket %s: %w", ticketsBucket, err)
	}
	p.tickets.Store(&tickets)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.report(ctx, edges) })
	group.Go(func() error { return p.listen(ctx, edges) })
	return group.Wait()
}

// report writes this edge's key until a write fails or ctx ends.
func (p *Peers) report(ctx context.Context, edges jetstream.KeyValue) error {
	alive := time.NewTicker(signOfLife)
	defer alive.Stop()
	for {
		begun := time.Now()
		report := p.limiter.Report()
		gap := max(reportGap, reportShare*time.Since(begun))
		if err := p.put(ctx, edges, report); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if err := wait.For(ctx, gap); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-alive.C:
		case <-p.limiter.Changed():
		}
	}
}

func (p *Peers) put(ctx context.Context, edges jetstream.KeyValue, report []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := edges.Put(ctx, p.id, report)
	return err
}

var (
	errDeaf    = errors.New("peers: our own reports do not come back")
	errStopped = errors.New("peers: NATS has ended the watch")
)

// listen applies the reports of other edges until it fails or ctx ends. This edge's own reports must come back
// too, which proves that the whole path works.
func (p *Peers) listen(ctx context.Context, edges jetstream.KeyValue) error {
	watch, err := edges.WatchAll(ctx)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer func() { _ = watch.Stop() }() // it may have stopped by itself
	p.heard[p.id] = time.Now()
	look := time.NewTicker(signOfLife)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, ok := <-watch.Updates():
			if !ok {
				return errStopped
			}
			if entry != nil { // nil: the end of the initial values
				p.hear(ctx, entry)
			}
		case <-look.C:
			if p.expire(); p.heard[p.id].IsZero() {
				return errDeaf
			}
		}
	}
}

// hear applies an edge's report, or its deletion.
func (p *Peers) hear(ctx context.Context, entry jetstream.KeyValueEntry) {
	edge := entry.Key()
	switch {
	case edge == p.id:
		p.heard[edge] = time.Now()
		if p.alone {
			p.alone = false
			p.logger.InfoContext(ctx, "limits and used tickets are shared with other edges again")
		}
	case entry.Operation() != jetstream.KeyValuePut:
		p.forget(edge)
	default:
		if err := p.limiter.Merge(edge, entry.Value()); err != nil {
			p.logger.WarnContext(ctx, "an edge's report does not count", slog.String("edge", edge), slog.Any("error", err))
			return
		}
		if _, known := p.heard[edge]; !known {
			p.counted.Add(1)
		}
		p.heard[edge] = time.Now()
	}
}

// expire forgets the edges whose last report is older than [Lease].
func (p *Peers) expire() {
	for edge, at := range p.heard {
		if time.Since(at) > Lease {
			p.forget(edge)
		}
	}
}

func (p *Peers) forget(edge string) {
	if _, known := p.heard[edge]; !known {
		return
	}
	delete(p.heard, edge)
	if edge != p.id {
		p.limiter.Forget(edge)
		p.counted.Add(-1)
	}
}

// Spend marks a ticket's nonce as used, and reports whether this was its first use at any edge. If NATS does
// not answer in time, it returns true: the edge itself still knows the tickets that it saw.
func (p *Peers) Spend(ctx context.Context, nonce string) (first bool) {
	tickets := p.tickets.Load()
	if tickets == nil {
		return true // Run has logged it
	}
	ctx, cancel := context.WithTimeout(ctx, spendPatience)
	defer cancel()
	_, err := (*tickets).Create(ctx, nonce, nil)
	switch {
	case errors.Is(err, jetstream.ErrKeyExists):
		return false
	case err != nil:
		p.logger.WarnContext(ctx, "accepted a ticket without asking the other edges", slog.Any("error", err))
	}
	return true
}
