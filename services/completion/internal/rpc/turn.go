package rpc

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/turns"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// maxReads is the maximum number of concurrent calls that read stored completions. Up to readRoom others wait
// for a turn, at most readPatience. Cancels, which may wait for the model, have their own turns, so that a
// caller whose reads wait can still cancel.
const (
	maxReads     = 8
	maxCancels   = 4
	readRoom     = 1024
	readPatience = 5 * time.Second
)

// callTurns are the queues of calls. Nobody waits for a stream.
type callTurns struct {
	reads, cancels, streams *turns.Queue
}

// newCallTurns returns the queues of a server with at most that many open streams; 0: no limit.
func newCallTurns(streams int) callTurns {
	return callTurns{
		streams: turns.New(turns.Config{Limit: streams, Reserve: true}),
		reads:   turns.New(turns.Config{Limit: maxReads, Room: readRoom, Reserve: true}),
		cancels: turns.New(turns.Config{Limit: maxCancels, Room: readRoom, Reserve: true}),
	}
}

// acquire waits until a call may begin, and returns the function that ends its turn. Calls that create
// completions need no turn: they hold memory for their requests. Other calls hold what they read, whose size is
// not known in advance.
func (g *guard) acquire(ctx context.Context, method string) (end func(), err error) {
	queue := g.turns.reads
	switch {
	case method == completionv1.CompletionService_CreateCompletion_FullMethodName, !strings.HasPrefix(method, ofCompletions):
		return func() {}, nil
	case method == completionv1.CompletionService_CancelCompletion_FullMethodName:
		queue = g.turns.cancels
	}
	return g.turn(ctx, queue)
}

// reading returns the context of a call. A call that creates a completion takes a turn among those that read, but
// only while it reads earlier completions.
func (g *guard) reading(ctx context.Context, method string) context.Context {
	switch method {
	case completionv1.CompletionService_CreateCompletion_FullMethodName, completionv1.CompletionService_StreamCompletion_FullMethodName:
		return service.OnReading(ctx, func() (func(), error) { return g.turn(ctx, g.turns.reads) })
	}
	return ctx
}

// turn waits for a turn, and returns what ends it.
func (g *guard) turn(ctx context.Context, queue *turns.Queue) (end func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readPatience, noTurn())
	defer cancel()
	release, err := queue.Acquire(ctx, g.known(ctx), nil)
	switch {
	case errors.Is(err, turns.ErrFull):
		return nil, noTurn()
	case err != nil:
		return nil, context.Cause(ctx)
	}
	return sync.OnceFunc(release), nil
}

// follow takes a place among the open streams, and returns what gives it back.
func (g *guard) follow(ctx context.Context, method string) (end func(), err error) {
	if !strings.HasPrefix(method, ofCompletions) {
		return func() {}, nil
	}
	end, err = g.turns.streams.Acquire(ctx, g.known(ctx), nil)
	switch {
	case errors.Is(err, turns.ErrShare):
		return nil, &chat.Error{
			Code: chat.CodeRateLimited, Refusal: chat.RefusedCallerStreams, RetryAfter: time.Second,
			Message: "You have too many streams open. Please close some, or wait for one of them to end.",
		}
	case errors.Is(err, turns.ErrFull):
		err := chat.NoRoom(nil)
		err.Refusal = chat.RefusedStreams
		return nil, err
	}
	return end, err
}

// noTurn returns the error of a call that waited too long for a turn.
func noTurn() *chat.Error {
	err := chat.NoRoom(nil)
	err.Refusal = chat.RefusedTurns
	return err
}

// ofCompletions is the prefix of the names of calls about completions.
const ofCompletions = "/petstore.completion.v1.CompletionService/"
