package relay

import (
	"net/http"

	"github.com/pawstream/pawstream/internal/header"
)

// A state is how far a response has come. It only ever goes forward, and may leave one out:
//
//	waiting ──▶ open ──▶ draining ──▶ ended
type state int

const (
	// waiting: the headers are not out, so a failure can have a status of its own.
	waiting state = iota
	// open: the headers are out, and frames follow.
	open
	// draining: the last frame is out or about to be. Nothing is added to it.
	draining
	// ended: nothing more is written.
	ended
)

// enter is the one place where the state changes. Entering the same state again, or an
// earlier one, does nothing.
func (s *response) enter(next state) error {
	before := s.state
	if next <= before {
		return nil
	}
	s.state = next
	switch {
	case next == ended:
		s.cancel()
	case before == waiting:
		return s.begin()
	}
	return nil
}

// begin sends the headers of a stream, and the frames that there are.
func (s *response) begin() error {
	h := s.out.w.Header()
	h.Set(header.ContentType, "text/event-stream; charset=utf-8")
	h.Set(header.CacheControl, "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	s.nameCompletion()
	s.out.w.WriteHeader(http.StatusOK)
	return s.out.send()
}

// nameCompletion tells the client in a header which completion it is served.
func (s *response) nameCompletion() {
	if s.result.Completion != "" {
		s.out.w.Header().Set(header.CompletionID, s.opts.Dialect.PublicID(s.result.Completion))
	}
}
