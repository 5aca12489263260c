package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/edge/internal/feed"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/halfclose"
)

// A response is the stream of one completion to one client. The lock is held while it is
// written: by the goroutine of the request, which receives, or by a timer.
type response struct {
	relay   *Relay
	opts    Options
	req     *http.Request
	begun   time.Time
	created bool // the request creates the completion
	cancel  context.CancelFunc

	mu         sync.Mutex
	state      state
	due        bool // the headers have waited long enough for the first event
	projection dialect.Projection
	identified bool // the projection knows the completion
	out        writer
	overdue    *time.Timer // of a late write; nil before it is needed
	pulse      *time.Timer // of heartbeats
	result     Result
}

func (r *Relay) newResponse(w http.ResponseWriter, req *http.Request, opts Options) *response {
	now := time.Now()
	return &response{
		relay: r, opts: opts, req: req, begun: now, cancel: func() {},
		out: newWriter(w, req, &r.cfg, now),
	}
}

// serve receives and writes until the end.
func (s *response) serve(from *feed.Feed) Result {
	cfg := &s.relay.cfg
	cfg.Metrics.StreamOpened()
	defer func() { cfg.Metrics.StreamEnded(!s.created, string(s.result.Outcome), s.result.FirstEvent) }()
	ctx, cancel := context.WithCancel(s.req.Context())
	defer cancel()
	s.cancel = cancel
	s.relay.enter(s)
	defer s.relay.leave(s)

	s.mu.Lock() // timers that fire at once wait until everything is set up
	s.pulse = s.after(cfg.Heartbeat, s.heartbeat)
	timers := []*time.Timer{s.pulse, s.after(cfg.HeaderDelay, s.headersDue)}
	if at := s.opts.Until; !at.IsZero() {
		timers = append(timers, s.after(time.Until(at), s.handOver))
	}
	if at := s.opts.Deadline; !at.IsZero() {
		timers = append(timers, s.after(time.Until(at), s.giveUp))
	}
	s.mu.Unlock()
	defer halfclose.Notify(ctx, func() { s.locked(s.probe) })()

	var end error
	for m, err := range from.Messages(ctx) {
		if err != nil {
			end = err
			break
		}
		s.show(m)
	}

	s.locked(func() error { return s.finish(end) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overdue != nil {
		timers = append(timers, s.overdue)
	}
	for _, timer := range timers {
		timer.Stop() // a timer that has already fired finds the state ended
	}
	if !s.result.Aborted {
		s.out.leave()
	}
	s.result.Bytes = s.out.bytes
	return s.result
}

// locked calls a function that writes, unless the response has ended. If the write fails, the response ends.
func (s *response) locked(write func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == ended {
		return
	}
	if err := write(); err != nil {
		s.lose(err)
	}
}

// after returns a timer that calls a function that writes.
func (s *response) after(d time.Duration, write func() error) *time.Timer {
	return time.AfterFunc(d, func() { s.locked(write) })
}

// show writes a message of the feed, now or together with later ones.
func (s *response) show(m *feed.Message) {
	if m.ID != "" && s.opts.Known != nil {
		s.opts.Known()
	}
	s.locked(func() error {
		switch {
		case m.ID != "":
			return s.known(m.ID)
		case m.Event != nil:
			return s.event(m.Event)
		}
		return s.text(&m.Text)
	})
}

// known records the id of the completion, before its first event.
func (s *response) known(id string) error {
	s.result.Completion = id
	if s.due {
		return s.enter(open)
	}
	return nil
}

// headersDue sends the headers, if the completion is known, because they name it.
func (s *response) headersDue() error {
	s.due = true
	if s.result.Completion == "" {
		return nil
	}
	return s.enter(open)
}

// event adds the frames of an event.
func (s *response) event(e *completionv1.CompletionEvent) error {
	if s.state == draining {
		return nil // nothing follows the last event
	}
	before := len(s.out.buf)
	if !s.identified {
		if err := s.identify(e.GetMetadata()); err != nil {
			return s.refuse(fmt.Errorf("first message: %w", err))
		}
	}
	if e.GetEvent() == nil {
		return s.opened()
	}
	failed := e.GetError()
	if failed != nil && s.created && s.state == waiting && e.GetSequence() == 0 {
		// Nothing has been shown yet, so the failure can have its true status.
		return s.fail(failure.FromEvent(failed), nil)
	}
	var err error
	if s.out.buf, err = s.projection.Event(s.out.buf, e); err != nil {
		return s.refuse(err)
	}
	switch {
	case failure.Cancelled(failed):
		s.result.Outcome = OutcomeCancelled
	case failed != nil:
		s.result.Outcome = OutcomeError
	case e.GetDone() != nil:
		s.result.Outcome = OutcomeDone
	}
	return s.added(before, failed != nil || e.GetDone() != nil)
}

// opened makes the frames of an opening wait with the headers, while a failure can still have its true status.
func (s *response) opened() error {
	if !s.due {
		return nil
	}
	if err := s.enter(open); err != nil {
		return err
	}
	return s.out.flush()
}

// refuse ends a response whose projection has no frame for an event. Unless the reason concerns the client,
// that is our fault.
func (s *response) refuse(err error) error {
	var told *failure.Error
	if errors.As(err, &told) {
		return s.fail(told, nil)
	}
	return s.fail(failure.Internal(), fmt.Errorf("%w: %w", ErrOurs, err))
}

// identify passes the metadata of the completion, from its first message, to the projection.
func (s *response) identify(meta *completionv1.CompletionMetadata) error {
	var err error
	if s.out.buf, err = s.projection.Open(s.out.buf, meta); err != nil {
		return err
	}
	s.identified = true
	s.result.Completion, s.result.Model = meta.GetId(), meta.GetModel()
	return nil
}

// text is event for an event that is only text.
func (s *response) text(t *feed.Text) error {
	switch {
	case s.state == draining:
		return nil
	case !s.identified:
		return s.fail(failure.Internal(), fmt.Errorf("%w: first message without metadata", ErrOurs))
	}
	before := len(s.out.buf)
	var err error
	if s.out.buf, err = s.projection.Text(s.out.buf, t.Sequence, t.Choice, t.Content); err != nil {
		return s.refuse(err)
	}
	return s.added(before, false)
}

// added counts an event whose frames begin at before, if it has any, and writes them.
func (s *response) added(before int, last bool) error {
	if len(s.out.buf) > before {
		if s.result.Events == 0 {
			s.result.FirstEvent = time.Since(s.begun)
		}
		s.result.Events++
		s.out.events++
	}
	if s.result.Events == 0 { // everything so far is before the reader's cursor
		if last {
			return s.nothingFollows()
		}
		return nil
	}
	next := open
	if last {
		next = draining
	}
	if err := s.enter(next); err != nil {
		return err
	}
	return s.pace()
}

// pace writes the pending frames if the last write is at least the gap ago; otherwise a later event, or a
// timer, writes them.
func (s *response) pace() error {
	if len(s.out.buf) == 0 {
		return nil
	}
	now := time.Now()
	switch {
	case s.state == draining || s.out.due(now):
		return s.out.flush()
	case s.out.late: // the timer is running
	case s.overdue == nil:
		s.overdue = s.after(s.out.pace.Late(now), s.out.flush)
	default:
		s.overdue.Reset(s.out.pace.Late(now))
	}
	s.out.late = true
	return nil
}

// heartbeat writes a sign of life if the stream has been silent long enough, and sets the timer for the next
// one. A silent stream releases its buffer.
func (s *response) heartbeat() error {
	longest := s.relay.cfg.Heartbeat
	if silence := s.out.pace.Silence(time.Now()); silence < longest {
		s.pulse.Reset(longest - silence)
		return nil
	}
	s.pulse.Reset(longest)
	if s.state == draining || s.state == waiting && s.result.Completion == "" {
		return nil // the headers name the completion, so they wait for its id
	}
	if err := s.enter(open); err != nil {
		return err
	}
	s.out.buf = s.projection.Heartbeat(s.out.buf)
	s.relay.cfg.Metrics.Heartbeat()
	err := s.out.flush()
	s.out.buf = nil
	return err
}

// probe writes something to a client that sends nothing more: a client that is gone answers with a reset. If
// the headers have to wait for the completion's id, they are sent as soon as it is known.
func (s *response) probe() error {
	s.due = true
	if s.state == draining || s.state == waiting && s.result.Completion == "" {
		return nil
	}
	if err := s.enter(open); err != nil {
		return err
	}
	s.out.buf = s.projection.Heartbeat(s.out.buf)
	return s.out.flush()
}

// finish ends a response when its events have ended: err says why, unless they ended properly.
func (s *response) finish(err error) error {
	switch left := s.req.Context().Err(); {
	case s.state == draining:
		return s.end()
	case left != nil:
		return left
	case errors.Is(err, feed.ErrLost):
		return s.fail(failure.CompletionLost(), err)
	case err != nil:
		return s.fail(failure.FromStatus(status.Convert(err)), err)
	case s.result.Events > 0 || s.created:
		return s.fail(failure.Internal(), fmt.Errorf("%w: stream ended without a terminal event", ErrOurs))
	}
	return s.nothingFollows()
}

// end writes the pending frames, and ends the response.
func (s *response) end() error {
	if err := s.out.flush(); err != nil {
		return err
	}
	return s.enter(ended)
}

// lose ends a response whose client could not be served to the end.
func (s *response) lose(err error) {
	s.result.Outcome, s.result.Err, s.result.Aborted = OutcomeDisconnected, err, true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.result.Outcome = OutcomeSlow
	}
	_ = s.enter(ended) // which writes nothing
}
