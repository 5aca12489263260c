// Package feed returns the messages of one completion, over as many gRPC streams as it takes: each event
// once, in order and without a gap.
//
// If the replica behind a stream dies, the feed reopens the stream on another one, after the last event that
// it has received. It knows neither HTTP nor what the events are used for.
package feed

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/asked"
	"github.com/pawstream/pawstream/edge/internal/backend"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
	"github.com/pawstream/pawstream/internal/wait"
)

// DefaultReopenWithin is the default of [Config].ReopenWithin.
const DefaultReopenWithin = 15 * time.Second

const (
	fromStart int64 = -1
	// reopenPause prevents a tight loop of requests to a replica that refuses at once.
	reopenPause = 50 * time.Millisecond
)

// completionIDKey returns the key that names the completion in the header of a gRPC stream.
func completionIDKey() string {
	return protoname.Of(completionv1.MetadataKey_METADATA_KEY_COMPLETION_ID)
}

// Config is what [Feeds] are made of.
type Config struct {
	Client completionv1.CompletionServiceClient
	// Metrics counts reopened streams; nil: discarded.
	Metrics *metrics.Metrics
	// ReopenWithin is how long a broken stream may stay without progress; 0: the default.
	ReopenWithin time.Duration
}

// Feeds begins feeds. It is safe for concurrent use.
type Feeds struct {
	cfg Config
	raw grpc.CallOption // makes gRPC leave messages as they are on the wire
}

// New returns feeds from a completion service.
func New(cfg Config) *Feeds {
	if cfg.ReopenWithin == 0 {
		cfg.ReopenWithin = DefaultReopenWithin
	}
	if cfg.Metrics == nil {
		cfg.Metrics = new(metrics.Metrics)
	}
	return &Feeds{cfg, grpc.ForceCodecV2(newCodec())}
}

// stream is the receiving end of a completion.
type stream = grpc.ServerStreamingClient[completionv1.CompletionEvent]

// A Feed is for one reader.
type Feed struct {
	feeds   *Feeds
	open    func(context.Context) (stream, error)
	id      string
	last    int64  // sequence of the last event received
	term    uint32 // its term; 0: not known
	current uint32 // the term of the events that the stream sends now
	opened  bool   // whether a stream has been opened once
	with    With   // what streams show beside events
	begun   bool   // whether the opening has been received
	message message
	next    Message
}

// Create returns the feed of a completion that it creates.
func (s *Feeds) Create(req *completionv1.StreamCompletionRequest) *Feed {
	f := &Feed{feeds: s, last: fromStart, with: With{Opening: req.GetOpening()}, open: func(ctx context.Context) (stream, error) {
		return s.cfg.Client.StreamCompletion(ctx, req, s.raw)
	}}
	if req.GetIdempotencyKey() != "" { // otherwise it would be admitted twice
		f.open = hedged(f.open)
	}
	return f
}

// With is what a feed yields besides a completion's events, and how far it goes.
type With struct {
	Progress bool // events of progress
	Opening  bool // an event with only the metadata, before the others
	UntilNow bool // only the existing events
}

// Follow returns the feed of an existing completion, after the event with that sequence or, if after is nil,
// from the start.
func (s *Feeds) Follow(id string, after *uint64, with With) *Feed {
	f := &Feed{feeds: s, id: id, last: fromStart, with: with}
	if after != nil {
		f.last = int64(*after) //nolint:gosec // parsed as a sequence number
	}
	f.open = hedged(func(ctx context.Context) (stream, error) { return f.resume(ctx) })
	return f
}

// A Message is what a feed yields next: an id, an event, or an event that is only text.
type Message struct {
	// ID: the completion with that id has been admitted, or is known. It comes before the completion's first
	// event, and again after each stream that is opened.
	ID string
	// Event, if it is not nil, belongs to the receiver.
	Event *completionv1.CompletionEvent
	// Text is an event if the other fields are absent. It is valid until the next message.
	Text Text
}

// ErrLost says that the replica that held a completion is gone, and the completion with it.
var ErrLost = errors.New("feed: completion lost with its replica")

// errStopped says that the receiver wants no more messages.
var errStopped = errors.New("feed: stopped")

// Messages returns the messages, until the completion has ended or ctx has. An error is the
// last thing yielded: [ErrLost], or one with a gRPC status. A feed is ranged over once, and
// a message is valid until the next one.
func (f *Feed) Messages(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		err := f.receive(ctx, yield)
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// A receiver handles a message, and says whether it wants more.
type receiver func(*Message, error) bool

// give passes a message to the receiver.
func (f *Feed) give(to receiver, m Message) error {
	f.next = m
	if !to(&f.next, nil) {
		return errStopped
	}
	return nil
}

// receive passes messages on until the completion or ctx has ended: nil if it ended properly.
func (f *Feed) receive(ctx context.Context, to receiver) error {
	open := f.open
	f.open = nil // a request may be large, and the stream long
	err := f.follow(ctx, to, open)
	if !f.opened || !f.broken(ctx, err) {
		return err
	}
	err = f.reopen(ctx, to)
	switch {
	case errors.Is(err, ErrLost):
		f.feeds.cfg.Metrics.Reopened(metrics.ReopenLost)
	case err != nil && !errors.Is(err, errStopped) && ctx.Err() == nil:
		f.feeds.cfg.Metrics.Reopened(metrics.ReopenFailed)
	}
	return err
}

// broken reports whether a stream ended because its replica was lost.
func (*Feed) broken(ctx context.Context, err error) bool {
	return err != nil && !errors.Is(err, errStopped) && ctx.Err() == nil && backend.Broken(err)
}

// reopen follows the completion on other streams until it ends properly, the service reports a failure, or
// there is no progress for too long.
func (f *Feed) reopen(ctx context.Context, to receiver) error {
	for since := time.Now(); ; {
		_ = wait.For(ctx, reopenPause) // the next step notices if ctx has ended
		before := f.last
		err := f.follow(ctx, to, f.resumeWhenReady(since))
		if f.last != before {
			since = time.Now()
		}
		switch {
		case ctx.Err() == nil && status.Code(err) == codes.NotFound:
			return ErrLost
		case !f.broken(ctx, err):
			return err
		case time.Since(since) >= f.feeds.cfg.ReopenWithin:
			return status.Error(codes.Unavailable, "no replica could be reached")
		}
	}
}

// follow opens one stream and copies it: nil if it ended properly.
func (f *Feed) follow(ctx context.Context, to receiver, open func(context.Context) (stream, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.current = 0
	in, err := open(ctx)
	if err != nil {
		return err
	}
	header, err := in.Header()
	if err != nil {
		return err
	}
	if id := header.Get(completionIDKey()); len(id) == 1 {
		f.id, f.opened = id[0], true
		if err := f.give(to, Message{ID: f.id}); err != nil {
			return err
		}
	}
	for {
		if err := in.RecvMsg(&f.message); err != nil {
			asked.Take(ctx, in.Trailer())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := f.hand(to); err != nil {
			return err
		}
	}
}

// hand passes the received message on, unless it was received before.
func (f *Feed) hand(to receiver) error {
	if text, ok := scan(f.message.wire); ok {
		fresh, err := f.advance(text.Sequence)
		if fresh {
			return f.give(to, Message{Text: text})
		}
		return err
	}
	e, err := f.message.event()
	if err != nil {
		return err
	}
	if e.Term != nil {
		f.current = e.GetTerm()
	}
	var fresh bool
	switch {
	case e.GetProgress() != nil: // which has no sequence
		fresh = true
	case f.with.Opening && e.GetEvent() == nil:
		fresh, f.begun = !f.begun, true
	default:
		fresh, err = f.advance(e.GetSequence())
	}
	if fresh {
		return f.give(to, Message{Event: e})
	}
	return err
}

// advance checks that events come without a gap; one that was received before is
// not fresh.
func (f *Feed) advance(position uint64) (fresh bool, err error) {
	switch sequence := int64(position); { //nolint:gosec // counted by the service from 0
	case sequence <= f.last:
		return false, nil
	case sequence > f.last+1:
		return false, status.Errorf(codes.DataLoss, "event %d follows event %d", sequence, f.last)
	default:
		f.last, f.term = sequence, f.current
		return true, nil
	}
}
