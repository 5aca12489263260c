// Package relay writes the stream of one completion as the Server-Sent Events of one HTTP response.
//
// It promises clients three things. Each received event is written once, in order and whole. A silent stream
// shows heartbeats. A response ends cleanly only after the completion's terminal event or an error frame. If
// it can write neither, it aborts the connection, because SDKs treat every clean end as success.
//
// Events come from package feed, and frames from a dialect. The relay does not know what a frame says.
package relay

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/feed"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/edge/internal/pacer"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// Defaults of [Config].
const (
	DefaultHeartbeat    = 10 * time.Second
	DefaultHeaderDelay  = time.Second
	DefaultWriteTimeout = 30 * time.Second
)

// Config is what a [Relay] is made of. Zero durations mean the defaults.
type Config struct {
	Client completionv1.CompletionServiceClient
	// Metrics counts what is sent; nil: discarded.
	Metrics *metrics.Metrics
	// Heartbeat is the longest silence of a stream, at most 15 s.
	Heartbeat time.Duration
	// HeaderDelay is how long the headers wait for the first event, once the completion
	// is known: until then a failure has its own HTTP status.
	HeaderDelay time.Duration
	// WriteTimeout is how long one write may take. A client that reads more slowly is
	// cut off; it can resume.
	WriteTimeout time.Duration
	// ReopenWithin is how long a broken stream may stay without progress.
	ReopenWithin time.Duration
	// Pacer says when a busy stream is written: events that come sooner share a write with the first one that
	// does not, each still in its own frames. The first event, one after a silence as long as the gap, and the
	// last one do not wait.
	Pacer pacer.Pacer
}

// A Relay serves streams. It is safe for concurrent use.
type Relay struct {
	cfg   Config
	feeds *feed.Feeds

	mu       sync.Mutex
	open     map[*response]struct{}
	idle     chan struct{} // closed when no response is open, once somebody waits for that
	stopping bool          // responses that are open hand their clients over
}

// New returns a relay.
func New(cfg Config) *Relay {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&cfg.Heartbeat, DefaultHeartbeat},
		{&cfg.HeaderDelay, DefaultHeaderDelay},
		{&cfg.WriteTimeout, DefaultWriteTimeout},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if cfg.Metrics == nil {
		cfg.Metrics = new(metrics.Metrics)
	}
	return &Relay{
		cfg:   cfg,
		feeds: feed.New(feed.Config{Client: cfg.Client, Metrics: cfg.Metrics, ReopenWithin: cfg.ReopenWithin}),
		open:  map[*response]struct{}{},
	}
}

// Drain returns when no stream is open. Streams that are open when ctx ends are handed over: an EventSource is
// told when to reconnect, any other connection is aborted, so that no client mistakes what it has for the
// whole. It returns how many these were. Call Drain once, when no further streams begin.
func (r *Relay) Drain(ctx context.Context) (handedOver int) {
	idle := make(chan struct{})
	r.mu.Lock()
	r.idle = idle
	r.tellIfIdle()
	r.mu.Unlock()
	select {
	case <-idle:
		return 0
	case <-ctx.Done():
	}
	var ending sync.WaitGroup
	r.mu.Lock()
	r.stopping = true
	handedOver = len(r.open)
	for s := range r.open {
		ending.Go(func() { s.locked(s.handOver) })
	}
	r.mu.Unlock()
	ending.Wait()
	<-idle
	return handedOver
}

// enter counts a response among the open ones.
func (r *Relay) enter(s *response) {
	r.mu.Lock()
	r.open[s] = struct{}{}
	stopping := r.stopping
	r.mu.Unlock()
	if stopping {
		s.locked(s.handOver)
	}
}

func (r *Relay) leave(s *response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, s)
	r.tellIfIdle()
}

// tellIfIdle wakes Drain when no stream is open.
func (r *Relay) tellIfIdle() {
	if len(r.open) == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// An Outcome is how a response ended.
type Outcome string

// The outcomes of a response.
const (
	// OutcomeDone: the client received the completion's terminal event, or the answer that nothing follows its
	// cursor.
	OutcomeDone Outcome = "done"
	// OutcomeError: the client received a failure.
	OutcomeError Outcome = "error"
	// OutcomeCancelled: the completion was cancelled, and the client was told so.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeDisconnected: the client left.
	OutcomeDisconnected Outcome = "disconnected"
	// OutcomeHandedOver: the edge stopped or the caller's right ended before the completion did. The client can
	// resume after its last event.
	OutcomeHandedOver Outcome = "handed_over"
	// OutcomeSlow: the client was cut off because it did not read.
	OutcomeSlow Outcome = "slow"
)

// ErrOurs is wrapped by failures that no client and no lost connection can cause.
var ErrOurs = errors.New("relay: internal fault")

// A Result says how a response ended.
type Result struct {
	Outcome    Outcome
	Completion string // its id, if it became known
	Model      string
	Events     int
	Bytes      int
	FirstEvent time.Duration // since the request; 0: there was none
	Err        error         // the failure that the client received, if any
	Aborted    bool          // whether the response must not end cleanly
}

// Options are what differs from one response to another.
type Options struct {
	// Dialect is the client's.
	Dialect dialect.Dialect
	// Failures formats a failure instead of a stream; nil: the dialect's format.
	Failures dialect.Failures
	// Reader is what the client wants to be shown.
	Reader dialect.Reader
	// EventSource says that the client gives up for good at any status but 200 and 204 (WHATWG HTML, "reconnect
	// or fail"), so a temporary fault has to look like a short stream.
	EventSource bool
	// Until is when the caller's right to the stream ends; zero: never.
	Until time.Time
	// Deadline is when the client stops waiting; zero: never.
	Deadline time.Time
	// Known is called as soon as the completion service has admitted the completion, or knows it: then the
	// request is no longer needed. nil: no call. It may be called more than once.
	Known func()
}

// Create starts the completion and serves it from its first event.
func (r *Relay) Create(w http.ResponseWriter, req *http.Request, create *completionv1.StreamCompletionRequest, opts Options) Result {
	s := r.newResponse(w, req, opts)
	s.created = true
	s.projection = opts.Dialect.Project(opts.Reader)
	create.Opening = s.projection.Needs().Opening
	return s.serve(r.feeds.Create(create))
}

// Resume serves what follows the reader's cursor of a completion.
func (r *Relay) Resume(w http.ResponseWriter, req *http.Request, id string, opts Options) Result {
	s := r.newResponse(w, req, opts)
	s.projection = opts.Dialect.Project(opts.Reader)
	needs := s.projection.Needs()
	return s.serve(r.feeds.Follow(id, needs.After, feed.With{Progress: needs.Progress, Opening: needs.Opening}))
}

// ComeBack answers an EventSource that cannot be served now and is to reconnect.
func (r *Relay) ComeBack(w http.ResponseWriter, req *http.Request) {
	s := r.newResponse(w, req, Options{EventSource: true})
	s.locked(s.comeBack)
}
