package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/turns"
)

const (
	// bodyCost is how many bytes of memory a byte of a body counts as: once as received, once as the decoded
	// request, and once on its way to the completion service.
	bodyCost = 3
	// freeMemory is what a request may use without being counted. The number of such requests is limited: one
	// holds a stream, which uses more over its lifetime, or a turn.
	freeMemory = 192 << 10
	// firstRead is the initial buffer size for a body of unknown length.
	firstRead = 16 << 10
	// maxReads is how many unary calls read or have a body at once, besides maxCancels that cancel and maxPages
	// that render pages; readPatience is how long a request waits for its turn, with at most readRoom others. A
	// completion service answers fewer at once, but waits before it answers that there is nothing.
	maxReads     = 32
	maxCancels   = 8
	maxPages     = 16
	readRoom     = 1024
	readPatience = 5 * time.Second
	// answerCost is how many bytes of memory a byte of a unary answer counts as while its client receives it.
	answerCost = 2
)

// share returns the request's share of the memory for all requests.
func (a *api) share(r *http.Request) *budget.Share {
	return a.memory.Share(visitorOf(r.Context()).key, freeMemory)
}

// readWithin reads a body of that length, negative if unknown. It reserves room before anything arrives,
// because a body may take its time.
func readWithin(from io.Reader, length int64, share *budget.Share) ([]byte, error) {
	room := int(max(length, 0))
	if length < 0 {
		room = firstRead
	}
	if err := share.Grow(bodyCost * room); err != nil {
		return nil, err
	}
	body := make([]byte, 0, room+1) // one more shows that this is the end
	for {
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		if err := share.Grow(bodyCost * cap(body)); err != nil {
			return nil, err
		}
		body = append(make([]byte, 0, 2*cap(body)), body...)
	}
}

// noRoom returns the failure if a request found no room; nil for any other error.
func noRoom(err error) *failure.Error {
	switch {
	case errors.Is(err, budget.ErrSpent), errors.Is(err, budget.ErrReleased):
		return failure.NoRoom(busyRetry)
	case errors.Is(err, budget.ErrCaller):
		return failure.NoRoomForCaller(busyRetry)
	}
	return nil
}

// busyRetry is the retry hint if only the end of other requests can help.
const busyRetry = time.Second

// refuseBody answers a request whose body is at fault, or for which there is no room.
func (a *api) refuseBody(w http.ResponseWriter, r *http.Request, fault *failure.Error) {
	if fault.RetryAfter > 0 && fault.Status != http.StatusRequestTimeout {
		a.turnAway(w, r, "memory", fault)
		return
	}
	fail(w, r, fault)
}

// callTurns are the queues of unary calls: to read, to cancel, and to render a page.
type callTurns struct{ reads, cancels, pages *turns.Queue }

func newCallTurns() callTurns {
	return callTurns{
		reads:   turns.New(turns.Config{Limit: maxReads, Room: readRoom, Reserve: true}),
		cancels: turns.New(turns.Config{Limit: maxCancels, Room: readRoom, Reserve: true}),
		pages:   turns.New(turns.Config{Limit: maxPages, Room: readRoom, Reserve: true}),
	}
}

// inTurn calls next when it is the caller's turn. It ends the turn as soon as the answer is ready: the client
// may take its time to receive it.
func (a *api) inTurn(queue *turns.Queue, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end, ok := takeTurn(a, w, r, queue, visitorOf(r.Context()).key)
		if !ok {
			return
		}
		held := a.hold(w, r, end)
		defer held.release()
		next.ServeHTTP(held, r)
	})
}

// takeTurn waits for a share's turn in a queue. end ends the turn, and may be called more than once. If the
// turn does not come in time, takeTurn has answered the request.
func takeTurn(a *api, w http.ResponseWriter, r *http.Request, queue *turns.Queue, key string) (end func(), ok bool) {
	ctx, cancel := context.WithTimeout(r.Context(), readPatience)
	defer cancel()
	end, err := queue.Acquire(ctx, key, nil)
	switch gone := r.Context().Err(); {
	case err == nil:
		return sync.OnceFunc(end), true
	case gone != nil:
		refuse(w, r, status.FromContextError(gone).Err())
	default:
		a.turnAway(w, r, "memory", failure.Overloaded(busyRetry))
	}
	return nil, false
}

// A heldWriter writes an answer once there is room for it.
type heldWriter struct {
	http.ResponseWriter
	share   *budget.Share
	fetched func() // ends the turn
	refuse  func()
	refused bool
}

// hold returns a writer of a unary answer. The caller has to call its release.
func (a *api) hold(w http.ResponseWriter, r *http.Request, fetched func()) *heldWriter {
	return &heldWriter{
		ResponseWriter: w, share: a.share(r), fetched: fetched,
		refuse: func() { a.turnAway(w, r, "memory", failure.NoRoom(busyRetry)) },
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (h *heldWriter) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Write implements http.ResponseWriter.
func (h *heldWriter) Write(b []byte) (int, error) {
	h.fetched()
	if h.refused {
		return len(b), nil
	}
	if err := h.share.Grow(answerCost * len(b)); err != nil {
		h.refused = true
		h.refuse()
		return len(b), nil //nolint:nilerr // the client is told
	}
	return h.ResponseWriter.Write(b)
}

func (h *heldWriter) release() {
	h.fetched()
	h.share.Release()
}
