package relay

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/elsewhere"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

const (
	fromStart int64 = -1
	// completionIDKey names, in the header of a gRPC stream, the completion it follows.
	completionIDKey = "pawstream-completion-id"
	// reopenPause keeps a replica that refuses at once from being asked in a tight loop.
	reopenPause = 50 * time.Millisecond
)

// A source receives the events of one completion, from as many streams as it takes.
type source struct {
	cfg      *Config
	open     func(context.Context) (stream, error)
	id       string
	last     int64 // sequence of the last event received
	opened   bool  // whether a stream has been opened once
	progress bool  // whether a stream that is opened again is to show progress
	message  message
}

// receive hands over what it receives until the completion has ended or ctx has: nil
// when it ended as it should.
func (s *source) receive(ctx context.Context, to *session) error {
	open := s.open
	s.open = nil // a request may be large, and the stream long
	err := s.follow(ctx, to, open)
	if err != nil && ctx.Err() == nil && s.opened && Broken(err) {
		err = s.reopen(ctx, to)
		switch {
		case errors.Is(err, errLost):
			s.cfg.Metrics.Reopened(metrics.ReopenLost)
		case err != nil && ctx.Err() == nil:
			s.cfg.Metrics.Reopened(metrics.ReopenFailed)
		}
	}
	return err
}

// reopen follows the completion on other streams until it ends as it should, the
// service says why it does not, or it makes no progress for too long.
func (s *source) reopen(ctx context.Context, to *session) error {
	for since := time.Now(); ; {
		pause(ctx, reopenPause)
		before := s.last
		err := s.follow(ctx, to, s.resumeWhenReady(since))
		if s.last != before {
			since = time.Now()
		}
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case status.Code(err) == codes.NotFound:
			return errLost
		case !Broken(err):
			return err
		case time.Since(since) >= s.cfg.ReopenWithin:
			return status.Error(codes.Unavailable, "no replica could be reached")
		}
	}
}

// errLost says that the replica which held a completion is gone, and the completion
// with it.
var errLost = errors.New("relay: completion lost with its replica")

// follow opens one stream and copies it: nil when it ended as it should.
func (s *source) follow(ctx context.Context, to *session, open func(context.Context) (stream, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := open(ctx)
	if err != nil {
		return err
	}
	header, err := in.Header()
	if err != nil {
		return err
	}
	if id := header.Get(completionIDKey); len(id) == 1 {
		s.id, s.opened = id[0], true
		to.learn(s.id)
	}
	for {
		err := in.RecvMsg(&s.message)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil:
			err = s.hand(to)
		}
		if err != nil {
			return err
		}
	}
}

// tries is how many replicas are asked for a stream that may be opened twice.
const tries = 4

// elsewhereToo opens a stream on another replica too while the first one does not answer. What
// comes first counts: a header says that the completion is there.
func elsewhereToo(open func(context.Context) (stream, error)) func(context.Context) (stream, error) {
	return func(ctx context.Context) (stream, error) {
		return elsewhere.Call(ctx, tries, func(ctx context.Context) (stream, error) {
			in, err := open(ctx)
			if err != nil {
				return nil, err
			}
			header, err := in.Header()
			if err != nil {
				return nil, err
			}
			if header == nil { // it ended without one, and tells why when it is received from
				if err := in.RecvMsg(new(message)); err != nil && !errors.Is(err, io.EOF) {
					return nil, err
				}
			}
			return in, nil
		}, Broken)
	}
}

// hand hands over the message that was received, unless it was received before.
func (s *source) hand(to *session) error {
	if plain, ok := scan(s.message.wire); ok {
		fresh, err := s.advance(plain.sequence)
		if fresh {
			to.takeText(plain)
		}
		return err
	}
	e, err := s.message.event()
	if err != nil {
		return err
	}
	fresh := e.GetProgress() != nil // of which there is no sequence
	if !fresh {
		fresh, err = s.advance(e.GetSequence())
	}
	if fresh {
		to.take(e)
	}
	return err
}

// advance checks that events come without a gap; one that was received before is
// not fresh.
func (s *source) advance(position uint64) (fresh bool, err error) {
	switch sequence := int64(position); { //nolint:gosec // counted by the service from 0
	case sequence <= s.last:
		return false, nil
	case sequence > s.last+1:
		return false, status.Errorf(codes.DataLoss, "event %d follows event %d", sequence, s.last)
	default:
		s.last = sequence
		return true, nil
	}
}

func (s *source) resume(ctx context.Context, opts ...grpc.CallOption) (stream, error) {
	req := &completionv1.ResumeCompletionRequest{CompletionId: s.id, IncludeProgress: s.progress}
	if s.last != fromStart {
		after := uint64(s.last) //nolint:gosec // not negative
		req.AfterSequence = &after
	}
	return s.cfg.Client.ResumeCompletion(ctx, req, append(opts, s.cfg.raw)...)
}

// resumeWhenReady opens the stream again on a replica that is or becomes reachable
// in time.
func (s *source) resumeWhenReady(lost time.Time) func(context.Context) (stream, error) {
	return func(ctx context.Context) (stream, error) {
		// The deadline is for the opening alone: the stream may last.
		opening, cancel := context.WithCancel(ctx)
		expire := time.AfterFunc(time.Until(lost.Add(s.cfg.ReopenWithin)), cancel)
		in, err := s.resume(opening, grpc.WaitForReady(true))
		if err == nil {
			_, err = in.Header()
		}
		if !expire.Stop() && err == nil {
			err = context.DeadlineExceeded
		}
		if err != nil {
			cancel()
			return nil, err
		}
		context.AfterFunc(ctx, cancel)
		s.cfg.Metrics.Reopened(metrics.ReopenedElsewhere)
		return in, nil
	}
}

// Broken reports whether a stream ended because its peer could not be reached, as
// opposed to because the peer said so: what our service says has an ErrorInfo.
func Broken(err error) bool {
	st := status.Convert(err)
	for _, detail := range st.Details() {
		if _, said := detail.(*errdetails.ErrorInfo); said {
			return false
		}
	}
	switch st.Code() {
	case codes.Unavailable, codes.Internal, codes.Unknown, codes.Canceled:
		return true
	default:
		return false
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
