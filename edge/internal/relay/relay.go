// Package relay turns the gRPC stream of one completion into the Server-Sent Events
// of one HTTP response: one message becomes one frame.
//
// What it promises a client: an event that was received is written once, in order and
// whole; a silent stream shows a heartbeat; and a response ends cleanly only after the
// completion's terminal event or an error frame. Where neither can be written the
// connection is aborted, because SDKs take every clean end for success.
//
// If the replica behind a stream dies, the relay opens the stream again on another
// one, after the last event that it has received; the client notices a pause.
package relay

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/metrics"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/sse"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// Defaults of [Config].
const (
	DefaultHeartbeat    = 10 * time.Second
	DefaultHeaderDelay  = time.Second
	DefaultWriteTimeout = 30 * time.Second
	DefaultReopenWithin = 15 * time.Second
	DefaultRetry        = time.Second
)

// Config is what a [Relay] is made of. Zero durations are the defaults, but for FlushGap.
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
	// Retry is the reconnection time that the first frame tells the client.
	Retry time.Duration
	// FlushGap is the least time between two writes of a busy stream: events that come
	// sooner share a write with the first that does not, each still a frame of its own. The
	// first event, one that comes after a silence as long as the gap, and the last one do not
	// wait. None waits until more than one and a half gaps after the write before. Zero: a
	// millisecond.
	FlushGap time.Duration

	raw grpc.CallOption // makes gRPC leave messages as they are on the wire
}

// A Relay serves streams. It is safe for concurrent use.
type Relay struct {
	cfg   Config
	names names

	mu      sync.Mutex
	open    map[*session]struct{}
	idle    chan struct{} // closed when there is none, once somebody waits for that
	parting bool          // who is still there must end
}

// names are the event types that are written for those who asked for them.
type names struct{ progress, failure, done sse.Name }

// New returns a relay.
func New(cfg Config) *Relay {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&cfg.Heartbeat, DefaultHeartbeat},
		{&cfg.HeaderDelay, DefaultHeaderDelay},
		{&cfg.WriteTimeout, DefaultWriteTimeout},
		{&cfg.ReopenWithin, DefaultReopenWithin},
		{&cfg.Retry, DefaultRetry},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if cfg.Metrics == nil {
		cfg.Metrics = new(metrics.Metrics)
	}
	cfg.raw = grpc.ForceCodecV2(newCodec())
	return &Relay{cfg: cfg, open: map[*session]struct{}{}, names: names{
		progress: sse.Must(sse.NewName("progress")),
		failure:  sse.Must(sse.NewName("error")),
		done:     sse.Must(sse.NewName("done")),
	}}
}

// Drain returns when no stream is open. Those that are when ctx ends have to part: an
// EventSource is told when to come back, any other connection is aborted, so that no
// client takes what it has for the whole. It returns how many these were. Drain is
// called once, when no further streams begin.
func (r *Relay) Drain(ctx context.Context) (parted int) {
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
	var turns sync.WaitGroup
	r.mu.Lock()
	r.parting = true
	parted = len(r.open)
	for s := range r.open {
		turns.Go(func() { s.turn(s.part) })
	}
	r.mu.Unlock()
	turns.Wait()
	<-idle
	return parted
}

// enter counts a session among the open ones.
func (r *Relay) enter(s *session) {
	r.mu.Lock()
	r.open[s] = struct{}{}
	parting := r.parting
	r.mu.Unlock()
	if parting {
		s.turn(s.part)
	}
}

func (r *Relay) leave(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, s)
	r.tellIfIdle()
}

// tellIfIdle tells who waits for it that no stream is open.
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
	// OutcomeDone: the completion's terminal event, or that there is nothing after
	// the reader's cursor, reached the client.
	OutcomeDone Outcome = "done"
	// OutcomeError: the client was told of a failure.
	OutcomeError Outcome = "error"
	// OutcomeCancelled: the completion was cancelled, and the client was told.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeDisconnected: the client left.
	OutcomeDisconnected Outcome = "disconnected"
	// OutcomeParted: the edge stopped or the caller's right ended before the completion
	// did. The client can go on after its last event.
	OutcomeParted Outcome = "parted"
	// OutcomeSlow: the client was cut off because it did not read.
	OutcomeSlow Outcome = "slow"
)

// ErrOurs is wrapped by failures that no client and no lost connection can cause.
var ErrOurs = errors.New("relay: internal fault")

// A Result is what became of a response.
type Result struct {
	Outcome    Outcome
	Completion string // its id, where it became known
	Model      string
	Events     int
	Bytes      int
	FirstEvent time.Duration // from the request on; 0: there was none
	Err        error         // what the client was told, where it was a failure
	Aborted    bool          // whether the response must not end cleanly
}

// Options are how one response differs from another.
type Options struct {
	// Named adds event names to progress, errors and the end, as include_events does.
	Named bool
	// EventSource says that the client gives up for good at any status but 200 and
	// 204 (WHATWG HTML, "reconnect or fail"), so a passing fault has to look like a
	// short stream.
	EventSource bool
	// Until is when the caller's right to the stream ends; zero: never.
	Until time.Time
	// Deadline is when the client wants to wait no longer; zero: never.
	Deadline time.Time
	// Known is called as soon as the completion service has admitted the completion, or knows
	// it: the request is needed no more. nil: nobody wants to know. It may be called again.
	Known func()
}

// Create starts the completion and serves it from its first event.
func (r *Relay) Create(w http.ResponseWriter, req *http.Request, create *completionv1.StreamCompletionRequest, opts Options) Result {
	s := r.newSession(w, req, opts)
	s.created = true
	src := &source{cfg: &r.cfg, last: fromStart, open: func(ctx context.Context) (stream, error) {
		return r.cfg.Client.StreamCompletion(ctx, create, r.cfg.raw)
	}}
	if create.GetIdempotencyKey() != "" { // else it would be admitted twice
		src.open = elsewhereToo(src.open)
	}
	return s.serve(src)
}

// Resume serves what follows the cursor of a completion; a nil after is the start.
func (r *Relay) Resume(w http.ResponseWriter, req *http.Request, id string, after *uint64, opts Options) Result {
	s := r.newSession(w, req, opts)
	src := &source{cfg: &r.cfg, id: id, last: fromStart, progress: opts.Named}
	if after != nil {
		src.last = int64(*after) //nolint:gosec // parsed as a sequence number
	}
	src.open = elsewhereToo(func(ctx context.Context) (stream, error) { return src.resume(ctx) })
	return s.serve(src)
}

// ComeBack answers an EventSource that cannot be served now and is to try again.
func (r *Relay) ComeBack(w http.ResponseWriter, req *http.Request) {
	s := r.newSession(w, req, Options{EventSource: true})
	if err := s.comeBack(); err == nil {
		_ = s.flush() // the client has left if this fails
	}
}

// stream is the receiving end of a completion.
type stream = grpc.ServerStreamingClient[completionv1.CompletionEvent]

// errorBody is the body that a failure has in a frame or a response.
func errorBody(e *openai.Error) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) { return e.AppendJSON(b), nil }
}
