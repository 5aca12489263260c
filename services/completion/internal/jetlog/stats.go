package jetlog

import (
	"sync/atomic"
	"time"
)

// Stats are counts since the log was opened, but for InFlight, Waiting and Live, which
// are as of now.
type Stats struct {
	Appends        int64         // records of events that were acknowledged
	Events         int64         // events in them
	Bytes          int64         // of them, as stored
	AppendTime     time.Duration // that they took in all, retries included
	AppendTimeMax  time.Duration
	AmbiguousAcks  int64 // messages that were not answered in time
	Resolved       int64 // of these, found stored
	Fenced         int64 // appends refused because somebody else had written
	Full           int64 // messages refused because the stream or its disk is full
	Failed         int64 // appends given up
	BlockedAppends int64 // events that had to wait because too much of their completion did
	InFlight       int   // messages sent and not acknowledged yet
	Live           int   // completions in memory that have a writer here
	Waiting        int   // of these, such with events that no append has taken yet
	Kept           int   // completions in memory that have ended and that nobody reads
	KeptBytes      int   // of these
}

// counters are the part of Stats that is counted as it happens.
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

// Stats returns what the log has done so far. It looks at each completion in memory, so
// it is for a scrape, not for every request.
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
