package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/internal/budget"
)

const (
	// bodyCost is what a byte of a body takes: as it came, as what was made of it, and as it
	// goes to the completion service.
	bodyCost = 3
	// freeMemory is what a request may take that counts for nothing: as many as there may be
	// of these, streams, take more in their time.
	freeMemory = 192 << 10
	// firstRead is what is made room for first where a body does not tell its length.
	firstRead = 16 << 10
	// maxReads is how many answers that are no streams are fetched at once, and readPatience
	// how long others wait for their turn. A service answers fewer at once, but waits before it
	// tells that there is nothing.
	maxReads     = 32
	readPatience = 5 * time.Second
	// answerCost is what a byte of such an answer takes while its client receives it.
	answerCost = 2
)

// share returns what a request is to take of the memory that there is for all.
func (a *api) share(r *http.Request) *budget.Share {
	return a.memory.Share(visitorOf(r.Context()).key, freeMemory)
}

// readWithin reads a body of that length, less than 0 where nobody knows. Room is taken
// before anything comes: a body may take its time.
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

// noRoom returns what a client is told that has found no room; nil for any other error.
func noRoom(err error) *openai.Error {
	switch {
	case errors.Is(err, budget.ErrSpent), errors.Is(err, budget.ErrReleased):
		return openai.NoRoom(busyRetry)
	case errors.Is(err, budget.ErrCaller):
		return openai.NoRoomForCaller(busyRetry)
	}
	return nil
}

// busyRetry is the hint where only the end of other requests can help.
const busyRetry = time.Second

// refuseBody answers a request whose body is at fault, or for which there is no room.
func (a *api) refuseBody(w http.ResponseWriter, r *http.Request, fault *openai.Error) {
	if fault.RetryAfter > 0 && fault.Status != http.StatusRequestTimeout {
		a.turnAway(w, r, "memory", fault)
		return
	}
	answer.Error(w, fault)
}

// reading has next answer when it is its turn. The turn ends when the answer is there: how
// long its client takes to receive it is no matter.
func (a *api) reading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readPatience)
		defer cancel()
		select {
		case a.reads <- struct{}{}:
		case <-ctx.Done():
			if err := r.Context().Err(); err != nil {
				refuse(w, r, status.FromContextError(err).Err())
				return
			}
			a.turnAway(w, r, "memory", openai.Overloaded(busyRetry))
			return
		}
		held := a.hold(w, r, sync.OnceFunc(func() { <-a.reads }))
		defer held.release()
		next.ServeHTTP(held, r)
	})
}

// A heldWriter writes an answer once there is room for it.
type heldWriter struct {
	http.ResponseWriter
	share   *budget.Share
	turn    func() // ends the turn
	refuse  func()
	refused bool
}

// hold returns a writer of an answer that is no stream. Its release is to be called.
func (a *api) hold(w http.ResponseWriter, r *http.Request, turn func()) *heldWriter {
	return &heldWriter{
		ResponseWriter: w, share: a.share(r), turn: turn,
		refuse: func() { a.turnAway(w, r, "memory", openai.NoRoom(busyRetry)) },
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (h *heldWriter) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Write implements http.ResponseWriter.
func (h *heldWriter) Write(b []byte) (int, error) {
	h.turn()
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
	h.turn()
	h.share.Release()
}
