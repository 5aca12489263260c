package jetlog

import (
	"sync/atomic"
	"time"
)

// Stats are counts since the log was opened, except InFlight, Waiting, Live, Kept and KeptBytes, which are
// current.
type Stats struct {
	Appends        int64         // records of events that were acknowledged
	Events         int64         // events in them
	Bytes          int64         // of them, as stored
	AppendTime     time.Duration // their total duration, including retries
	AppendTimeMax  time.Duration
	AmbiguousAcks  int64 // messages that were not answered in time
	Resolved       int64 // of these, found stored
	Fenced         int64 // appends refused because somebody else had written
	Full           int64 // messages refused because the stream or its disk is full
	Failed         int64 // appends given up
	BlockedAppends int64 // events that had to wait because too many of their completion were waiting
	InFlight       int   // messages sent and not acknowledged yet
	Live           int   // completions in memory that have a writer here
	Waiting        int   // of these, the ones with events that are not in an append yet
	Kept           int   // completions in memory that have ended and have no readers
	KeptBytes      int   // of these
}

// counters are the part of Stats that is counted continuously.
type counters struct {
	appends, events, bytes      atomic.Int64
	appendNanos, appendNanosMax atomic.Int64
	waits                       atomic.Int64
}

func (c *counters) stored(events, bytes int, took time.Duration) {
	c.appends.Add(1)
	c.events.Add(int64(events))
	c.bytes.Add(int64(bytes))
	c.appendNanos.Add(int64(took))
	for {
		most := c.appendNanosMax.Load()
		if int64(took) <= most || c.appendNanosMax.CompareAndSwap(most, int64(took)) {
			return
		}
	}
}

// Stats returns what the log has done so far. It visits each completion in memory, so call it for a scrape, not
// for every request.
func (l *Log) Stats() Stats {
	c, sent := &l.stats, l.io.Stats()
	s := Stats{
		Appends:        c.appends.Load(),
		Events:         c.events.Load(),
		Bytes:          c.bytes.Load(),
		AppendTime:     time.Duration(c.appendNanos.Load()),
		AppendTimeMax:  time.Duration(c.appendNanosMax.Load()),
		AmbiguousAcks:  sent.Ambiguous,
		Resolved:       sent.Resolved,
		Fenced:         sent.Fenced,
		Full:           sent.Full,
		Failed:         sent.Failed,
		BlockedAppends: c.waits.Load(),
		InFlight:       sent.InFlight,
	}
	var writers []*writer
	l.mu.Lock()
	for _, t := range l.tapes {
		if _, terminal := t.tape.Last(); t.writer != nil && terminal == nil {
			writers = append(writers, t.writer)
		}
	}
	s.Live, s.Kept, s.KeptBytes = len(writers), len(l.ended), l.held
	l.mu.Unlock()
	for _, w := range writers {
		w.mu.Lock()
		if len(w.pending) > 0 {
			s.Waiting++
		}
		w.mu.Unlock()
	}
	return s
}
