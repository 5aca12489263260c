package feed

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/pawstream/pawstream/edge/internal/backend"
	"github.com/pawstream/pawstream/edge/internal/hedge"
	"github.com/pawstream/pawstream/edge/internal/metrics"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// attempts is how many replicas are asked for a stream that may be opened twice.
const attempts = 4

// hedged opens a stream on another replica too while the first one does not answer. The first
// header counts: it says that the completion is there.
func hedged(open func(context.Context) (stream, error)) func(context.Context) (stream, error) {
	return func(ctx context.Context) (stream, error) {
		return hedge.Call(ctx, attempts, func(ctx context.Context) (stream, error) {
			in, err := open(ctx)
			if err != nil {
				return nil, err
			}
			header, err := in.Header()
			if err != nil {
				return nil, err
			}
			if header == nil { // the stream ended without one; receiving returns the reason
				if err := in.RecvMsg(new(message)); err != nil && !errors.Is(err, io.EOF) {
					return nil, err
				}
			}
			return in, nil
		}, backend.Broken)
	}
}

func (f *Feed) resume(ctx context.Context, opts ...grpc.CallOption) (stream, error) {
	req := &completionv1.ResumeCompletionRequest{
		CompletionId:    f.id,
		IncludeProgress: f.with.Progress, Opening: f.with.Opening && !f.begun, UntilNow: f.with.UntilNow,
	}
	if f.last != fromStart {
		after := uint64(f.last) //nolint:gosec // not negative
		req.AfterSequence = &after
		if f.term != 0 {
			req.AfterTerm = &f.term
		}
	}
	return f.feeds.cfg.Client.ResumeCompletion(ctx, req, append(opts, f.feeds.raw)...)
}

// resumeWhenReady opens the stream again on a replica that is or becomes reachable
// in time.
func (f *Feed) resumeWhenReady(lost time.Time) func(context.Context) (stream, error) {
	return func(ctx context.Context) (stream, error) {
		// The deadline is only for opening: the stream may last longer.
		opening, cancel := context.WithCancel(ctx)
		expire := time.AfterFunc(time.Until(lost.Add(f.feeds.cfg.ReopenWithin)), cancel)
		in, err := f.resume(opening, grpc.WaitForReady(true))
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
		f.feeds.cfg.Metrics.Reopened(metrics.ReopenedElsewhere)
		return in, nil
	}
}
