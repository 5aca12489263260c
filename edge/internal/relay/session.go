package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
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

// A session writes one response.
type session struct {
	relay   *Relay
	opts    Options
	req     *http.Request
	w       http.ResponseWriter
	control *http.ResponseController
	begun   time.Time
	created bool // the response is to a request that creates the completion

	encoder *openai.ChunkEncoder // nil before the first event
	prefix  sse.ID               // of the frames' ids
	current *completionv1.CompletionEvent
	plain   *plainText                   // in place of current
	text    []byte                       // of plain
	chunk   func([]byte) ([]byte, error) // appends current or plain
	named   bool

	buf       []byte
	spare     []item // room that goes round between this and the inbox
	spareText []byte
	due       bool // the headers have waited for the first event for long enough
	resting   bool // until the next beat
	started   bool // the headers are out
	terminal  bool // the terminal event is in buf or out
	lastSent  time.Time
	until     time.Time // the write deadline that is set; zero: none
	written   int       // events that are out
	result    Result
}

func (r *Relay) newSession(w http.ResponseWriter, req *http.Request, opts Options) *session {
	s := &session{
		relay: r, opts: opts, req: req, w: w, control: http.NewResponseController(w),
		begun: time.Now(), named: opts.Named,
	}
	s.chunk = func(b []byte) ([]byte, error) {
		if s.current == nil {
			return s.encoder.AppendText(b, s.plain.index, s.text, s.plain.sequence), nil
		}
		return s.encoder.Append(b, s.current)
	}
	return s
}

// serve runs the receiving goroutine and writes what it sends until the end.
func (s *session) serve(src *source) Result {
	s.relay.count(1)
	defer s.relay.count(-1)
	s.relay.cfg.Metrics.StreamOpened()
	defer func() { s.relay.cfg.Metrics.StreamEnded(!s.created, string(s.result.Outcome), s.result.FirstEvent) }()
	ctx, cancel := context.WithCancel(s.req.Context())
	items := newInbox()
	received := make(chan struct{})
	go func() {
		defer close(received)
		src.receive(ctx, items)
	}()
	defer func() { cancel(); <-received }()

	headers := time.NewTimer(s.relay.cfg.HeaderDelay)
	defer headers.Stop()
	heartbeat := time.NewTimer(s.relay.cfg.Heartbeat)
	defer heartbeat.Stop()
	expired, stop := alarm(s.opts.Until)
	defer stop()
	late, stop := alarm(s.opts.Deadline)
	defer stop()
	// Stopped until there is something that waits.
	beat := time.NewTimer(time.Hour)
	beat.Stop()
	defer beat.Stop()
	s.lastSent = s.begun
	for ended := false; !ended; {
		var err error
		select {
		case <-items.ready:
			ended, err = s.take(items, beat)
		case <-beat.C:
			ended, err = s.atBeat(items, beat)
		case <-headers.C:
			// They name the completion, so they wait for that too.
			if s.due = true; s.result.Completion != "" {
				err = s.start()
			}
		case <-heartbeat.C:
			err = s.beat(heartbeat, items)
		case <-expired:
			ended, err = true, s.part()
		case <-late:
			ended, err = true, s.giveUp()
		case <-s.relay.parting:
			ended, err = true, s.part()
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			s.lose(err)
			break
		}
	}
	if !s.until.IsZero() && !s.result.Aborted {
		_ = s.deadline(time.Time{}) // the connection may carry another request
	}
	return s.result
}

// alarm returns a channel that is ready at a time; zero: never.
func alarm(at time.Time) (<-chan time.Time, func()) {
	if at.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(at))
	return timer.C, func() { timer.Stop() }
}

// take handles the items that are waiting, and writes the frames: at once while events
// are rare, with the next beat when the last write was just now.
func (s *session) take(items *inbox, beat *time.Timer) (ended bool, err error) {
	ended, err = s.takeAll(items)
	if err != nil || len(s.buf) == 0 {
		return ended, err
	}
	if wait := s.untilBeat(time.Now()); wait > 0 && !ended && !s.terminal && len(s.buf) < batch {
		s.rest(items, true)
		beat.Reset(wait)
		return false, nil
	}
	beat.Stop()
	err = s.flush()
	s.rest(items, false)
	return ended, err
}

// atBeat writes what has come since the last beat. While something comes with each one,
// the stream is busy, and the writer goes from beat to beat: nothing else wakes it.
func (s *session) atBeat(items *inbox, beat *time.Timer) (ended bool, err error) {
	before := s.written
	if ended, err = s.takeAll(items); err == nil {
		err = s.flush()
	}
	if s.written == before {
		s.rest(items, false)
	} else if err == nil && !ended {
		beat.Reset(s.untilBeat(s.lastSent))
	}
	return ended, err
}

// rest says whether the writer waits for its beat.
func (s *session) rest(items *inbox, resting bool) {
	if s.resting != resting {
		s.resting = resting
		items.rest(resting)
	}
}

// untilBeat returns how long a write has to wait; 0: not at all. All streams have the
// same beats, so that one wake-up of the process serves many of them.
func (s *session) untilBeat(now time.Time) time.Duration {
	gap := s.relay.cfg.FlushGap
	passed := now.Sub(s.lastSent)
	if passed >= gap || s.written == 0 {
		return 0
	}
	wait := gap - time.Duration(now.UnixNano()%int64(gap))
	if passed+wait < gap/2 {
		wait += gap
	}
	return wait
}

// takeAll appends the frames of all items that are waiting.
func (s *session) takeAll(items *inbox) (ended bool, err error) {
	taken, text, open := items.take(s.spare, s.spareText)
	s.spare, s.spareText = taken, text
	defer clear(taken) // they are kept for their room alone
	from := 0
	for i := range taken {
		it := &taken[i]
		if it.event == nil && it.plain.end > 0 {
			s.text, from = text[from:it.plain.end], it.plain.end
		}
		if ended, err = s.add(it); ended || err != nil {
			break
		}
		if len(s.buf) >= batch {
			if err = s.flush(); err != nil {
				break
			}
		}
	}
	if err == nil && !ended && !open {
		ended, err = true, s.finish()
	}
	if err == nil && ended {
		err = s.flush()
	}
	return ended, err
}

// add appends an item's frame: ended where nothing is to come.
func (s *session) add(it *item) (ended bool, err error) {
	switch {
	case errors.Is(it.err, errLost):
		return true, s.fail(openai.CompletionLost(), it.err)
	case it.err != nil:
		return true, s.fail(openai.FromStatus(status.Convert(it.err)), it.err)
	case it.event == nil && it.plain.end > 0:
		return s.addText(&it.plain)
	case it.event == nil:
		s.result.Completion = it.id
		if s.due {
			return false, s.start()
		}
		return false, nil
	}
	return s.addEvent(it.event)
}

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
func (s *session) addText(p *plainText) (ended bool, err error) {
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

// beat writes a heartbeat if the stream has been silent for long enough, and winds
// the timer for the next one. What a silent stream holds for busy times it lets go of.
func (s *session) beat(timer *time.Timer, items *inbox) error {
	silence := time.Since(s.lastSent)
	if silence < s.relay.cfg.Heartbeat {
		timer.Reset(s.relay.cfg.Heartbeat - silence)
		return nil
	}
	timer.Reset(s.relay.cfg.Heartbeat)
	if err := s.start(); err != nil {
		return err
	}
	s.buf = sse.AppendComment(s.buf, "hb")
	s.relay.cfg.Metrics.Heartbeat()
	err := s.flush()
	s.buf, s.spare, s.spareText, s.plain, s.text = nil, nil, nil, nil, nil
	items.shrink()
	return err
}

// finish ends a response whose stream ended as it should.
func (s *session) finish() error {
	switch {
	case s.terminal:
		return nil
	case s.req.Context().Err() != nil:
		return s.req.Context().Err() // the stream ended because the client has left
	case s.result.Events > 0 || s.created:
		return s.fail(openai.Internal(), fmt.Errorf("%w: stream ended without a terminal event", ErrOurs))
	}
	// Nothing follows the cursor.
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
func (s *session) giveUp() error {
	if err := s.fail(openai.DeadlineExceeded(), nil); err != nil {
		return err
	}
	return s.flush()
}

// part ends a response before its completion ends: its client is to go on later.
func (s *session) part() error {
	switch {
	case s.opts.EventSource:
		s.result.Outcome = OutcomeParted
		if err := s.comeBack(); err != nil {
			return err
		}
		return s.flush()
	case s.started:
		s.result.Outcome, s.result.Aborted = OutcomeParted, true
		return nil
	}
	return s.fail(openai.Overloaded(time.Second), nil)
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
	s.buf = s.buf[:0]
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
