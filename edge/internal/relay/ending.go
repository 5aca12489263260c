package relay

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/dialect"
	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/sse"
)

// The ends of a response that are not the completion's terminal event.

// nothingFollows ends a response to a cursor that is the completion's last event.
func (s *response) nothingFollows() error {
	s.result.Outcome = OutcomeDone
	switch {
	case s.state != waiting:
	case s.req.Method == http.MethodPost || s.projection.Needs().Stream:
		// Clients that resume by POST treat any answer but a stream as a failure, and retry for ever.
		if err := s.enter(open); err != nil {
			return err
		}
		s.out.buf = s.projection.Nothing(s.out.buf)
	default: // 204 tells an EventSource to stop
		s.out.w.WriteHeader(http.StatusNoContent)
	}
	return s.end()
}

// fail ends a response with a failure: as a status while that is possible, otherwise as a frame.
func (s *response) fail(told *failure.Error, cause error) error {
	s.result.Outcome, s.result.Err = OutcomeError, told
	if cause != nil {
		s.result.Err = cause
	}
	if s.state == waiting {
		s.out.drop()
	}
	passing := told.Status >= http.StatusInternalServerError || told.Status == http.StatusTooManyRequests
	switch {
	case s.opts.EventSource && passing && s.result.Events == 0:
		return s.comeBack()
	case s.state == waiting:
		s.nameCompletion()
		var shape dialect.Failures = s.opts.Dialect
		if s.opts.Failures != nil {
			shape = s.opts.Failures
		}
		answer.Error(s.out.w, shape, told)
	default:
		s.out.buf = s.projection.Failure(s.out.buf, told)
	}
	return s.end()
}

// comeBack asks an EventSource to reconnect: without the blank line that would make it an event, only the retry
// line counts. The random part of the delay keeps clients from reconnecting all at once.
func (s *response) comeBack() error {
	if err := s.enter(open); err != nil {
		return err
	}
	delay := comeBackAfter + rand.N(comeBackAfter) //nolint:gosec // no secret
	s.out.buf = append(s.out.buf, "retry: "...)
	s.out.buf = strconv.AppendInt(s.out.buf, delay.Milliseconds(), 10)
	s.out.buf = sse.AppendComment(append(s.out.buf, '\n'), "temporarily unavailable")
	return s.end()
}

// comeBackAfter is how long an EventSource that is asked to reconnect waits at least.
const comeBackAfter = time.Second

// giveUp ends a response that its client no longer waits for.
func (s *response) giveUp() error {
	if s.state == draining {
		return s.end()
	}
	return s.fail(failure.DeadlineExceeded(), nil)
}

// handOver ends a response before its completion ends: its client is to continue elsewhere, or later.
func (s *response) handOver() error {
	switch {
	case s.state == draining:
		return s.end()
	case s.opts.EventSource:
		s.result.Outcome = OutcomeHandedOver
		return s.comeBack()
	case s.state == open:
		s.result.Outcome, s.result.Aborted = OutcomeHandedOver, true
		return s.enter(ended)
	}
	return s.fail(failure.Overloaded(time.Second), nil)
}
