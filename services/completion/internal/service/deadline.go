package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Deadlines bound how long an engine may take; zero: no bound. A completion whose engine
// takes longer ends with an error of its own code.
type Deadlines struct {
	First time.Duration // until its first event: CodeFirstEventTimeout
	Idle  time.Duration // between two events: CodeIdleTimeout
	Total time.Duration // from its start to its end: CodeTotalTimeout
}

var (
	errFirstEvent = chat.Errorf(chat.CodeFirstEventTimeout, "The model did not begin to answer in time.")
	errIdle       = chat.Errorf(chat.CodeIdleTimeout, "The model stopped in the middle of the answer.")
	errTotal      = chat.Errorf(chat.CodeTotalTimeout, chat.TotalTimeoutMessage)
)

// withCause returns the error shown for an answer that ended with e, together with the problem until then: if a
// deadline passes while a model's server cannot be reached, the server is the news.
func withCause(e *chat.Error, err error) *chat.Error {
	var last *chat.Error
	if e.Code != chat.CodeFirstEventTimeout && e.Code != chat.CodeIdleTimeout && e.Code != chat.CodeTotalTimeout || !errors.As(err, &last) || last.Err == nil {
		return e
	}
	both := *e
	first, _, _ := strings.Cut(last.Message, ". ") // without its advice
	both.Message += " Before that: " + strings.TrimSuffix(first, ".") + "."
	both.Err = fmt.Errorf("%s; before that: %w", e.Message, last.Err)
	return &both
}

// A watchdog stops an engine that is too slow.
type watchdog struct {
	idle time.Duration
	stop context.CancelCauseFunc

	begun time.Time
	last  atomic.Int64 // when the last event came, in nanoseconds after begun; 0: none came
	next  *time.Timer  // for the first event, then for each silence; nil: no bound
	total *time.Timer  // nil: no bound
}

// watch starts a watchdog. Its end is to be called when the engine has ended.
func watch(d Deadlines, stop context.CancelCauseFunc) *watchdog {
	w := &watchdog{idle: d.Idle, stop: stop, begun: time.Now()}
	if d.Total > 0 {
		w.total = time.AfterFunc(d.Total, func() { stop(errTotal) })
	}
	const never = time.Duration(1<<63 - 1)
	switch {
	case d.First > 0:
		w.next = time.AfterFunc(d.First, w.look)
	case d.Idle > 0:
		w.next = time.AfterFunc(never, w.look)
	}
	return w
}

// saw notes an event. Only for the first one does it lock or set a timer.
func (w *watchdog) saw() {
	if w.next == nil {
		return
	}
	if w.last.Swap(max(int64(time.Since(w.begun)), 1)) != 0 {
		return
	}
	if w.idle == 0 {
		w.next.Stop()
		return
	}
	w.next.Reset(w.idle)
}

// look is called when the time may be over.
func (w *watchdog) look() {
	last := w.last.Load()
	if last == 0 {
		w.stop(errFirstEvent)
		return
	}
	silence := time.Since(w.begun) - time.Duration(last)
	if left := w.idle - silence; left > 0 {
		w.next.Reset(left)
		return
	}
	if w.idle > 0 {
		w.stop(errIdle)
	}
}

// end stops the timers.
func (w *watchdog) end() {
	for _, timer := range []*time.Timer{w.next, w.total} {
		if timer != nil {
			timer.Stop()
		}
	}
}
