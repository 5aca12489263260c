package relay

import (
	"net/http"

	"github.com/pawstream/pawstream/internal/header"
)

// A state is how far a response has come. It only moves forward, and may skip a state:
//
//	waiting ──▶ open ──▶ draining ──▶ ended
type state int

const (
	// waiting: the headers have not been sent, so a failure can have its own status.
	waiting state = iota
	// open: the headers have been sent, and frames follow.
	open
	// draining: the last frame has been or is about to be sent. Nothing is added to it.
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

// begin sends the headers of a stream, and the pending frames.
func (s *response) begin() error {
	h := s.out.w.Header()
	h.Set(header.ContentType, "text/event-stream; charset=utf-8")
	h.Set(header.CacheControl, "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	s.nameCompletion()
	s.out.w.WriteHeader(http.StatusOK)
	return s.out.send()
}

// nameCompletion names the completion in a header.
func (s *response) nameCompletion() {
	if s.result.Completion != "" {
		s.out.w.Header().Set(header.CompletionID, s.opts.Dialect.PublicID(s.result.Completion))
	}
}
