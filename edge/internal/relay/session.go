package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pawstream/pawstream/edge/internal/answer"
	"github.com/pawstream/pawstream/edge/internal/openai"
	"github.com/pawstream/pawstream/edge/sse"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// batch is how many bytes of frames may gather before they are written: enough to
// make a replay few writes, little enough to stay in a socket buffer.
const batch = 32 << 10

// A session writes one response. Who writes holds mu: the goroutine that receives, which
// is the one of the request, or a timer.
type session struct {
	relay   *Relay
	opts    Options
	req     *http.Request
	begun   time.Time
	created bool // the response is to a request that creates the completion
	cancel  context.CancelFunc

	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController

	encoder *openai.ChunkEncoder // nil before the first event
	prefix  sse.ID               // of the frames' ids
	current *completionv1.CompletionEvent
	plain   plainText                    // in place of current
	chunk   func([]byte) ([]byte, error) // appends current or plain
	named   bool

	buf      []byte
	waiting  bool        // there is something in buf that may wait until overdue
	overdue  *time.Timer // nil before it is needed
	pulse    *time.Timer // of heartbeats
	due      bool        // the headers have waited for the first event for long enough
	started  bool        // the headers are out
	terminal bool        // the terminal event is in buf or out
	ended    bool        // nothing more is to be written
	lastSent time.Time
	until    time.Time // the write deadline that is set; zero: none
	written  int       // events that are out
	result   Result
}

func (r *Relay) newSession(w http.ResponseWriter, req *http.Request, opts Options) *session {
	s := &session{
		relay: r, opts: opts, req: req, w: w, control: http.NewResponseController(w),
		begun: time.Now(), named: opts.Named,
	}
	s.lastSent = s.begun
	s.chunk = func(b []byte) ([]byte, error) {
		if s.current == nil {
			return s.encoder.AppendText(b, s.plain.index, s.plain.text, s.plain.sequence), nil
		}
		return s.encoder.Append(b, s.current)
	}
	return s
}

// serve receives and writes until the end.
func (s *session) serve(src *source) Result {
	cfg := &s.relay.cfg
	cfg.Metrics.StreamOpened()
	defer func() { cfg.Metrics.StreamEnded(!s.created, string(s.result.Outcome), s.result.FirstEvent) }()
	ctx, cancel := context.WithCancel(s.req.Context())
	defer cancel()
	s.cancel = cancel
	s.relay.enter(s)
	defer s.relay.leave(s)

	s.mu.Lock() // whatever is to happen at once waits until all is there
	s.pulse = s.after(cfg.Heartbeat, s.heartbeat)
	timers := []*time.Timer{s.pulse, s.after(cfg.HeaderDelay, s.headersDue)}
	if at := s.opts.Until; !at.IsZero() {
		timers = append(timers, s.after(time.Until(at), s.part))
	}
	if at := s.opts.Deadline; !at.IsZero() {
		timers = append(timers, s.after(time.Until(at), s.giveUp))
	}
	s.mu.Unlock()

	err := src.receive(ctx, s)

	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.settle(true, s.finish(err))
	}
	s.ended = true // whichever timer comes too late finds this
	if s.overdue != nil {
		timers = append(timers, s.overdue)
	}
	for _, timer := range timers {
		timer.Stop()
	}
	if !s.until.IsZero() && !s.result.Aborted {
		_ = s.deadline(time.Time{}) // the connection may carry another request
	}
	return s.result
}

// after returns a timer that lets something be written.
func (s *session) after(d time.Duration, write func() (ended bool, err error)) *time.Timer {
	return time.AfterFunc(d, func() { s.turn(write) })
}

// turn lets something be written, unless the response has ended.
func (s *session) turn(write func() (ended bool, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.settle(write())
	}
}

// settle ends the response if it has ended, or could not be written.
func (s *session) settle(ended bool, err error) {
	if err != nil {
		s.lose(err)
	}
	if ended || err != nil {
		s.ended = true
		s.cancel()
	}
}

// learn takes the id of the completion, before its first event.
func (s *session) learn(id string) {
	if s.opts.Known != nil {
		s.opts.Known()
	}
	s.turn(func() (bool, error) {
		s.result.Completion = id
		if s.due {
			return false, s.start()
		}
		return false, nil
	})
}

// take writes an event, now or with others.
func (s *session) take(e *completionv1.CompletionEvent) {
	s.turn(func() (bool, error) { return s.pace(s.addEvent(e)) })
}

// takeText is take for an event that is text alone, whose bytes it does not keep.
func (s *session) takeText(p plainText) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.settle(s.pace(s.addText(p)))
	}
}

// pace writes the frames that have gathered, if the last write is the gap ago, and else
// leaves them to be written with an event to come, or by a timer.
func (s *session) pace(ended bool, err error) (bool, error) {
	if err != nil || len(s.buf) == 0 {
		return ended, err
	}
	now := time.Now()
	gap := max(s.relay.cfg.FlushGap, shortestGap)
	if ended || s.terminal || s.written == 0 || len(s.buf) >= batch || now.Sub(s.lastSent) >= gap {
		return ended, s.flush()
	}
	if !s.waiting {
		s.waiting = true
		// Those of many streams at the same time, so that one wake-up of the process serves them.
		wait := gap + gap/2 - now.Sub(s.lastSent)
		wait -= time.Duration(now.Add(wait).UnixNano() % int64(gap/8))
		if s.overdue == nil {
			s.overdue = s.after(wait, s.flushed)
		} else {
			s.overdue.Reset(wait)
		}
	}
	return false, nil
}

// flushed is flush for a timer.
func (s *session) flushed() (ended bool, err error) { return false, s.flush() }

// shortestGap bounds the writes of a stream where nobody asks for a gap: one that is
// sent as fast as it can be would else be a write for each event.
const shortestGap = time.Millisecond

// headersDue sends the headers, if the completion is known, because they name it.
func (s *session) headersDue() (ended bool, err error) {
	s.due = true
	if s.result.Completion == "" {
		return false, nil
	}
	return false, s.start()
}

// addEvent appends an event's frame: ended where nothing is to come.
func (s *session) addEvent(e *completionv1.CompletionEvent) (ended bool, err error) {
	if s.encoder == nil {
		if err := s.identify(e.GetMetadata()); err != nil {
			return true, s.fail(openai.Internal(), err)
		}
	}
	failure := e.GetError()
	if failure != nil && s.created && !s.started && e.GetSequence() == 0 {
		// Nothing has been shown yet, so the failure can have its true status.
		s.terminal = true
		return true, s.fail(openai.FromEvent(failure), nil)
	}
	fields := sse.Fields{IDPrefix: s.prefix, Sequence: e.GetSequence()}
	switch {
	case e.GetProgress() != nil:
		fields = sse.Fields{Name: s.relay.names.progress}
	case failure != nil:
		s.terminal, s.result.Outcome = true, OutcomeError
		if failure.GetReason() == cancelledReason {
			s.result.Outcome = OutcomeCancelled
		}
		fields.Name = s.name(s.relay.names.failure)
	case e.GetDone() != nil:
		s.terminal, s.result.Outcome = true, OutcomeDone
		fields.Name = s.name(s.relay.names.done)
	}
	s.current = e
	return s.addFrame(fields)
}

// addText appends the frame of an event that is text alone.
func (s *session) addText(p plainText) (ended bool, err error) {
	if s.encoder == nil {
		return true, s.fail(openai.Internal(), fmt.Errorf("%w: first message without metadata", ErrOurs))
	}
	s.current, s.plain = nil, p
	return s.addFrame(sse.Fields{IDPrefix: s.prefix, Sequence: p.sequence})
}

// addFrame appends a frame with the data of s.chunk.
func (s *session) addFrame(fields sse.Fields) (ended bool, err error) {
	if s.result.Events == 0 {
		fields.Retry = s.relay.cfg.Retry
		s.result.FirstEvent = time.Since(s.begun)
	}
	if s.buf, err = sse.AppendFrame(s.buf, fields, s.chunk); err != nil {
		return true, s.fail(openai.Internal(), err)
	}
	s.result.Events++
	return false, s.start()
}

// cancelledReason is the reason of a completion's error that is nobody's fault.
const cancelledReason = "COMPLETION_CANCELLED"

// identify takes what holds for all frames from the first message.
func (s *session) identify(m *completionv1.CompletionMetadata) error {
	if m.GetId() == "" {
		return fmt.Errorf("%w: first message without metadata", ErrOurs)
	}
	var err error
	if s.prefix, err = sse.NewID(m.GetId() + "."); err != nil {
		return err
	}
	s.encoder = openai.NewChunkEncoder(m)
	s.named = s.named || m.GetStreamOptions().GetIncludeEvents()
	s.result.Completion, s.result.Model = m.GetId(), m.GetModel()
	return nil
}

// name returns n for those who asked for names.
func (s *session) name(n sse.Name) sse.Name {
	if s.named {
		return n
	}
	return sse.Name{}
}

// start sends the headers of a stream, once.
func (s *session) start() error {
	if s.started {
		return nil
	}
	s.started = true
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	if s.result.Completion != "" {
		h.Set("X-Completion-Id", s.result.Completion)
	}
	s.w.WriteHeader(http.StatusOK)
	return s.send()
}

// heartbeat writes a comment if the stream has been silent for long enough, and winds
// the timer for the next one. What a silent stream holds for busy times it lets go of.
func (s *session) heartbeat() (ended bool, err error) {
	silence := time.Since(s.lastSent)
	if silence < s.relay.cfg.Heartbeat {
		s.pulse.Reset(s.relay.cfg.Heartbeat - silence)
		return false, nil
	}
	s.pulse.Reset(s.relay.cfg.Heartbeat)
	if err := s.start(); err != nil {
		return false, err
	}
	s.buf = sse.AppendComment(s.buf, "hb")
	s.relay.cfg.Metrics.Heartbeat()
	err = s.flush()
	s.buf = nil
	return false, err
}

// finish ends a response when its events have ended: err says why, unless they ended
// as they should.
func (s *session) finish(err error) error {
	switch left := s.req.Context().Err(); {
	case s.terminal:
		return nil
	case left != nil:
		return left
	case errors.Is(err, errLost):
		err = s.fail(openai.CompletionLost(), err)
	case err != nil:
		err = s.fail(openai.FromStatus(status.Convert(err)), err)
	case s.result.Events > 0 || s.created:
		err = s.fail(openai.Internal(), fmt.Errorf("%w: stream ended without a terminal event", ErrOurs))
	default:
		err = s.nothingFollows()
	}
	if err != nil {
		return err
	}
	return s.flush()
}

// nothingFollows ends a response to a cursor that is the completion's last event.
func (s *session) nothingFollows() error {
	s.result.Outcome = OutcomeDone
	switch {
	case s.started:
	case s.req.Method == http.MethodPost:
		// Clients that resume by POST take any answer but a stream for a failure, and try
		// again for ever.
		if err := s.start(); err != nil {
			return err
		}
		s.buf = sse.AppendComment(s.buf, "nothing after this event")
	default: // 204 tells an EventSource to stop
		s.started = true
		s.w.WriteHeader(http.StatusNoContent)
	}
	return nil
}

// fail tells the client of a failure: as a status while that is possible, else as a
// frame. The frame has no id, because the log has no such event: a client that
// resumes gets what is true then.
func (s *session) fail(told *openai.Error, cause error) error {
	s.result.Outcome, s.result.Err = OutcomeError, told
	if cause != nil {
		s.result.Err = cause
	}
	passing := told.Status >= http.StatusInternalServerError || told.Status == http.StatusTooManyRequests
	switch {
	case s.opts.EventSource && passing && s.result.Events == 0:
		return s.comeBack()
	case s.started:
		var err error
		s.buf, err = sse.AppendFrame(s.buf, sse.Fields{Name: s.name(s.relay.names.failure)}, errorBody(told))
		return err
	}
	s.started = true
	if s.result.Completion != "" {
		s.w.Header().Set("X-Completion-Id", s.result.Completion)
	}
	answer.Error(s.w, told)
	return nil
}

// comeBack asks an EventSource to try again: without the blank line that would make
// it an event, the retry line alone counts. That many do not come back at the same
// moment is the doing of the delay's random part.
func (s *session) comeBack() error {
	if err := s.start(); err != nil {
		return err
	}
	delay := comeBackAfter + rand.N(comeBackAfter) //nolint:gosec // no secret
	s.buf = append(s.buf, "retry: "...)
	s.buf = strconv.AppendInt(s.buf, delay.Milliseconds(), 10)
	s.buf = sse.AppendComment(append(s.buf, '\n'), "temporarily unavailable")
	return nil
}

// comeBackAfter is how long an EventSource that is asked to come back waits at least.
const comeBackAfter = time.Second

// giveUp ends a response that its client waits for no longer.
func (s *session) giveUp() (ended bool, err error) {
	if err := s.fail(openai.DeadlineExceeded(), nil); err != nil {
		return true, err
	}
	return true, s.flush()
}

// part ends a response before its completion ends: its client is to go on later.
func (s *session) part() (ended bool, err error) {
	switch {
	case s.opts.EventSource:
		s.result.Outcome = OutcomeParted
		if err := s.comeBack(); err != nil {
			return true, err
		}
		return true, s.flush()
	case s.started:
		s.result.Outcome, s.result.Aborted = OutcomeParted, true
		return true, nil
	}
	return true, s.fail(openai.Overloaded(time.Second), nil)
}

// flush writes what has gathered.
func (s *session) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	return s.send()
}

func (s *session) send() error {
	s.lastSent = time.Now()
	if err := s.extend(s.lastSent); err != nil {
		return err
	}
	n, err := s.w.Write(s.buf) //nolint:gosec // no browser takes text/event-stream for HTML
	s.result.Bytes += n
	s.relay.cfg.Metrics.Wrote(s.result.Events-s.written, n)
	s.written = s.result.Events
	s.buf, s.waiting = s.buf[:0], false
	if err == nil {
		err = s.control.Flush()
	}
	if err == nil && s.req.ProtoMajor > 1 {
		// HTTP/2 resets a stream whose deadline passes, even while it has nothing to write.
		err = s.deadline(time.Time{})
	}
	return err
}

// extend sees to it that a write has a deadline: the write timeout, less a quarter at
// most. To set it anew for each write would cost as much as to encode one.
func (s *session) extend(now time.Time) error {
	timeout := s.relay.cfg.WriteTimeout
	if s.until.Sub(now) >= timeout-timeout/4 {
		return nil
	}
	return s.deadline(now.Add(timeout))
}

func (s *session) deadline(at time.Time) error {
	s.until = at
	if err := s.control.SetWriteDeadline(at); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// lose records why the client could not be served to the end.
func (s *session) lose(err error) {
	s.result.Outcome, s.result.Err, s.result.Aborted = OutcomeDisconnected, err, true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.result.Outcome = OutcomeSlow
	}
}
